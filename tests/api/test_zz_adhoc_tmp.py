from dataclasses import replace
from decimal import Decimal
from app.commands.tenants import load_tenant, read_rules
from tests.support import *
async def test_adhoc(besancon, databases, client):
    rid = await submitted(besancon)
    r = await besancon.decider.post(f"/requests/{rid}/decisions", {**APPROVAL, "loan": {"amount_cents":200000,"duration_months":24,"rounding":"half_up"}})
    print("HALFUP", r.status_code, r.json().get("breaches"), r.json().get("loan"))
    rid = await submitted(besancon)
    r = await besancon.decider.post(f"/requests/{rid}/decisions", {**APPROVAL, "loan": {"amount_cents":200000,"instalment_cents":8533}})
    print("ODD", r.status_code, r.json().get("breaches"))
    path = next(p for p in seed_files() if p.stem=="besancon")
    rules = read_rules(path)
    vs = tuple(replace(v, products=tuple(replace(p, rate_percent=Decimal("2")) for p in v.products)) for v in rules.versions)
    tid = load_tenant(databases.owner_url, replace(rules, slug=f"rated-{uuid4().hex[:8]}", versions=vs))
    c = replace(besancon, id=tid, agent=Staff(client, add_staff(databases, tid, "a", [Role.AGENT]), tid), decider=Staff(client, add_staff(databases, tid, "d", [Role.DECIDER]), tid))
    rid = await submitted(c)
    r = await c.decider.post(f"/requests/{rid}/decisions", APPROVAL)
    print("RATE", r.status_code, r.text)
    # explicit order of steps
    q = await ok(besancon.agent.post("/requests", demand(besancon))); p=f"/requests/{q['id']}"
    await ok(besancon.agent.post(p+"/assess", {"assessed_on":"2011-01-20"}))
    await ok(besancon.agent.put(p+"/budget", BUDGET, etag='"2"')); await ok(besancon.agent.put(p+"/financing-plan", WHOLE_LOAN, etag='"3"'))
    r = await besancon.agent.post(p+"/submit", {"submitted_on":"2011-01-10"}); print("SUBMIT before ASSESS", r.status_code)
    r = await besancon.decider.post(p+"/decisions", {**APPROVAL, "decided_on":"2011-01-05"}); print("DECIDE before SUBMIT", r.status_code)
    # minor, actions says offer allowed?
    rid = await approved(besancon, applicant={**demand(besancon)["applicant"], "birth_on":"1994-01-01"})
    # person aged -: birth after receipt
    r = await besancon.agent.post("/requests", demand(besancon, applicant={**demand(besancon)["applicant"], "birth_on":"2020-01-01"})); print("BORN LATER", r.status_code)
    lid = await disbursed(besancon)
    r = await besancon.agent.get(f"/loans/{lid}"); print(r.text)
