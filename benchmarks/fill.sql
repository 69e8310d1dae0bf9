-- Fills the bound tenant: people and requests numbered from bench.first on, and loans half repaid on the first of
-- them. Identifiers are made from a kind and a number, so that wrk and pgbench can name any row without a list.

create or replace function pg_temp.id(kind text, n bigint) returns uuid language sql immutable
  return ('00000000-0000-7000-' || kind || '-' || lpad(to_hex(n), 12, '0'))::uuid;

create or replace function pg_temp.setting(name text) returns bigint language sql stable
  return current_setting('bench.' || name)::bigint;

create or replace temp view bound as
  select current_setting('app.tenant_id')::uuid as tenant_id,
         accounts.id as account_id,
         (select id from rule_versions where valid_to is null) as rule_version_id,
         current_date - interval '13 months' as offered_on
  from accounts where login = 'bench';

create or replace temp view numbers as
  select n from generate_series(pg_temp.setting('first'), pg_temp.setting('first') + pg_temp.setting('requests') - 1) n;

create or replace temp view loan_numbers as
  select n from numbers where n < pg_temp.setting('first') + pg_temp.setting('loans');

insert into people
  (tenant_id, id, first_names, birth_name, birth_on, commune_insee_code, name_key)
select tenant_id, pg_temp.id('8001', n), 'Camille', 'Exemple ' || n, date '1960-01-01' + (n % 15000)::int,
       '25056', 'camille exemple ' || n
from bound, numbers;

insert into requests
  (tenant_id, id, reference, status, applicant_id, instructing_agent_id, adults, minor_children,
   commune_insee_code, channel, purpose, project_description, project_cost_cents, requested_amount_cents, product,
   received_on, rules_version)
select tenant_id, pg_temp.id('8002', n), 'D-2020-' || n,
       case when n < pg_temp.setting('first') + pg_temp.setting('loans') then 'contracted' else 'intake' end,
       pg_temp.id('8001', n), account_id, 1, 2, '25056', 'phone', 'vehicle_purchase',
       'Une voiture pour aller travailler à l''usine, où aucun autobus ne va à cinq heures du matin',
       204000, 204000, 'parcours_projet', offered_on - interval '1 month', 1
from bound, numbers;

insert into budgets (tenant_id, id, request_id, revision)
select tenant_id, pg_temp.id('800d', n), pg_temp.id('8002', n), 1
from bound, loan_numbers;

insert into financing_plans (tenant_id, id, request_id, revision)
select tenant_id, pg_temp.id('800e', n), pg_temp.id('8002', n), 1
from bound, loan_numbers;

insert into decisions
  (tenant_id, id, request_id, number, outcome, loan_amount_cents, duration_months, instalment_cents, rate_percent,
   rounding_unit_cents, rounding, remainder_on, grant_cents, financing_plan_id, budget_id, decided_on, signatory,
   rule_version_id, facts, breaches, account_id)
select tenant_id, pg_temp.id('8003', n), pg_temp.id('8002', n), 1, 'approve', 204000, 24, 8500, 0, 100, 'up', 'last',
       0, pg_temp.id('800e', n), pg_temp.id('800d', n), offered_on, 'La présidente de la commission',
       rule_version_id, '{}', '[]', account_id
from bound, loan_numbers;

insert into loans
  (tenant_id, id, version, reference, request_id, decision_id, stage, principal_cents, rate_percent, offered_on)
select tenant_id, pg_temp.id('8004', n), 5, 'P-2020-' || n, pg_temp.id('8002', n), pg_temp.id('8003', n),
       'disbursed', 204000, 0, offered_on
from bound, loan_numbers;

insert into loan_transitions
  (tenant_id, id, loan_id, account_id, action, from_stage, to_stage, effect_on)
select tenant_id, pg_temp.id(kind, n), pg_temp.id('8004', n), account_id, action, from_stage, to_stage, offered_on
from bound, loan_numbers,
     (values ('8005', 'offer', null, 'offered'), ('8006', 'accept', 'offered', 'accepted'),
             ('8007', 'disburse', 'accepted', 'disbursed')) steps (kind, action, from_stage, to_stage);

insert into signatures (tenant_id, id, loan_id, party, signed_on, present, account_id)
select tenant_id, pg_temp.id(kind, n), pg_temp.id('8004', n), party, offered_on, '{}', account_id
from bound, loan_numbers, (values ('8008', 'borrower'), ('8009', 'ccas')) parties (kind, party);

insert into schedules (tenant_id, id, loan_id, version, rate_percent)
select tenant_id, pg_temp.id('800a', n), pg_temp.id('8004', n), 1, 0
from bound, loan_numbers;

insert into schedule_activations (tenant_id, id, loan_id, schedule_id)
select tenant_id, pg_temp.id('800d', n), pg_temp.id('8004', n), pg_temp.id('800a', n)
from bound, loan_numbers;

insert into schedule_rows
  (tenant_id, id, schedule_id, number, ref, due_on, principal_cents, interest_cents, total_cents, borrower_cents,
   balance_cents)
select tenant_id, pg_temp.id('800b', n * 100 + instalment), pg_temp.id('800a', n), instalment, instalment,
       offered_on + instalment * interval '1 month', 8500, 0, 8500, 8500, (24 - instalment) * 8500
from bound, loan_numbers, generate_series(1, 24) instalment;

insert into ledger_entries
  (tenant_id, id, loan_id, kind, amount_cents, effect_on, payee_kind, account_id)
select tenant_id, pg_temp.id('800c', n * 100), pg_temp.id('8004', n), 'disbursement', 204000, offered_on, 'supplier',
       account_id
from bound, loan_numbers;

insert into ledger_entries
  (tenant_id, id, loan_id, kind, amount_cents, effect_on, source, reference, account_id)
select tenant_id, pg_temp.id('800c', n * 100 + instalment), pg_temp.id('8004', n), 'repayment', 8500,
       offered_on + instalment * interval '1 month', 'public_accountant', 'P503-' || n || '-' || instalment,
       account_id
from bound, loan_numbers, generate_series(1, 11) instalment;

insert into ledger_lines (tenant_id, id, entry_id, loan_id, account, amount_cents, effect_on)
select e.tenant_id, gen_random_uuid(), e.id, e.loan_id, account, side * sign * e.amount_cents, e.effect_on
from ledger_entries e, (values ('loans', 1), ('cash', -1)) sides (account, side),
     lateral (select case e.kind when 'disbursement' then 1 else -1 end) signs (sign);
