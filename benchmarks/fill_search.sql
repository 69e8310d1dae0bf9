-- Fills the bound tenant with people and requests numbered from bench.first on, of names and projects that differ: a
-- few names that many have and many that few have, as in a town. Their words are entered by the tables' triggers.

create or replace function pg_temp.id(kind text, n bigint) returns uuid language sql immutable
  return ('00000000-0000-7000-' || kind || '-' || lpad(to_hex(n), 12, '0'))::uuid;

create or replace function pg_temp.setting(name text) returns bigint language sql stable
  return current_setting('bench.' || name)::bigint;

-- One of the names; the first ones are much likelier than the last ones.
create or replace function pg_temp.one_of(names text[], n bigint, salt int) returns text language sql immutable
  return names[1 + floor(cardinality(names) * power(mod(abs(hashint8(n * 31 + salt)::bigint), 100000) / 100000.0, 2))];

create or replace temp view bound as
  select current_setting('app.tenant_id')::uuid as tenant_id, accounts.id as account_id
  from accounts where login = 'bench';

create or replace temp view numbers as
  select n,
    pg_temp.one_of(array['Camille', 'Marie', 'Nicolas', 'Fatima', 'Jean', 'Sophie', 'Mohamed', 'Nathalie', 'Julien',
      'Aïcha', 'David', 'Élodie', 'Karim', 'Céline', 'Thomas', 'Samira', 'Zoé', 'Hervé', 'Inès', 'Yann'], n, 1) as first_names,
    case when n % 20 = 0 then 'Martin' else
      initcap(
        pg_temp.one_of(array['du', 'mar', 'le', 'ber', 'gi', 'mo', 'ro', 'la', 'fon', 'car', 'ben', 'ha', 'pe', 'so'], n, 2)
        || pg_temp.one_of(array['ran', 'ti', 'fè', 'nar', 'rar', 'reau', 'che', 'lou', 'tai', 'pen', 'da', 'mi', 'che', 'vi'], n, 3)
        || pg_temp.one_of(array['d', 'nez', 'vre', 'dot', 'din', 'let', 'ne', 'lier', 'ma', 'tier', 'oui', 'dou', 'ron'], n, 4)
        || pg_temp.one_of(array['', 'e', 'in', 'eau', 'et', 'ac', 'y', 'ard', 'ot', 'aux', 'elle', 'on'], n, 5))
    end as birth_name,
    '06' || lpad(mod(abs(hashint8(n * 7)::bigint), 100000000)::text, 8, '0') as phone,
    pg_temp.one_of(array['vehicle_repair', 'driving_licence', 'vehicle_purchase', 'health', 'housing', 'furniture_appliances',
      'training', 'scooter', 'dental_care', 'debts'], n, 6) as purpose,
    pg_temp.one_of(array['Une voiture d''occasion pour aller travailler à l''usine, où aucun autobus ne va le matin',
      'Réparation de l''embrayage pour garder un emploi d''aide à domicile', 'Le permis de conduire, demandé à l''embauche',
      'Meubler un premier logement après un hébergement', 'Des soins dentaires que la mutuelle ne prend pas en charge',
      'Une formation de soudeur à Lyon', 'Un scooter pour un apprentissage en boulangerie'], n, 7) as project_description
  from generate_series(pg_temp.setting('first'), pg_temp.setting('first') + pg_temp.setting('requests') - 1) n;

insert into people
  (tenant_id, id, first_names, birth_name, birth_on, commune_insee_code, phone, name_key, phone_key)
select tenant_id, pg_temp.id('8001', n), first_names, birth_name, date '1960-01-01' + (n % 15000)::int, '25056', phone,
       array_to_string(words_of(birth_name || ' ' || first_names), ' '), phone
from bound, numbers;

insert into requests
  (tenant_id, id, reference, status, applicant_id, instructing_agent_id, adults, minor_children,
   commune_insee_code, channel, purpose, project_description, project_cost_cents, requested_amount_cents, product,
   received_on, rules_version)
select tenant_id, pg_temp.id('8002', n), 'D-' || 2000 + mod(n, 20) || '-' || lpad(((n - pg_temp.setting('first')) / 20 + 1)::text, 4, '0'), 'intake',
       pg_temp.id('8001', n), account_id, 1, 2, '25056', 'phone', purpose, project_description,
       204000, 204000, 'parcours_projet', current_date, 1
from bound, numbers;
