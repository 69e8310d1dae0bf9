-- Fills a bound tenant whose files go to a bank: people who asked for a loan three days ago, each with an authorisation
-- and a precheck handed over that no bank has answered yet. Runs after fill.sql on the same connection, whose names it
-- uses; the bank's ways to the handoffs are its own rows, hence app.partner_id.

insert into people
  (tenant_id, id, first_names, birth_name, birth_on, commune_insee_code, name_key)
select tenant_id, pg_temp.id('8001', n), 'Camille', 'Exemple ' || n, date '1960-01-01' + (n % 15000)::int,
       '31555', 'camille exemple ' || n
from bound, numbers;

insert into requests
  (tenant_id, id, reference, status, applicant_id, instructing_agent_id, adults, minor_children,
   commune_insee_code, channel, purpose, project_description, project_cost_cents, requested_amount_cents, product,
   received_on, rules_version)
select tenant_id, pg_temp.id('8002', n), 'D-2020-' || n, 'intake', pg_temp.id('8001', n), account_id, 1, 2, '31555',
       'phone', 'vehicle_purchase', 'Une voiture pour aller travailler à l''usine', 204000, 204000,
       'personal_microcredit', current_date - 3, 1
from bound, numbers;

insert into authorisations (tenant_id, id, person_id, partner_id, purposes, given_on, account_id)
select tenant_id, pg_temp.id('8010', n), pg_temp.id('8001', n), current_setting('app.partner_id')::uuid,
       array['precheck', 'loan_file'], current_date - 3, account_id
from bound, numbers;

create or replace temp view payloads as
  select n,
         '{"applicant":{"birth_name":"Exemple ' || n || '","birth_on":"' || date '1960-01-01' + (n % 15000)::int
         || '","first_names":"Camille"},"co_applicant":null,"kind":"precheck","request_reference":"D-2020-' || n
         || '","support_person":"Accompagnante sociale"}' as payload
  from numbers;

insert into handoffs
  (tenant_id, id, version, request_id, partner_id, agreement_id, kind, status, support_person, payload_sha256)
select bound.tenant_id, pg_temp.id('800f', n), 2, pg_temp.id('8002', n), agreements.partner_id, agreements.id, 'precheck',
       'sent', 'Accompagnante sociale', encode(sha256(convert_to(payload, 'UTF8')), 'hex')
from bound, agreements, payloads;

insert into handoff_payloads (tenant_id, id, handoff_id, number, text, payload_sha256)
select tenant_id, pg_temp.id('8012', n), pg_temp.id('800f', n), 1, payload,
       encode(sha256(convert_to(payload, 'UTF8')), 'hex')
from bound, payloads;

insert into handoff_transitions
  (tenant_id, id, handoff_id, account_id, action, from_status, to_status, effect_on)
select tenant_id, pg_temp.id('8011', n), pg_temp.id('800f', n), account_id, 'send', 'ready', 'sent', current_date - 3
from bound, numbers;

insert into handoff_routes (handoff_id, tenant_id, partner_id, status)
select pg_temp.id('800f', n), tenant_id, current_setting('app.partner_id')::uuid, 'sent'
from bound, numbers;
