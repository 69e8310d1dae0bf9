"""The command `microcredit`: words to functions of `app/commands/`, nothing else."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from sqlalchemy.exc import ArgumentError, DBAPIError

from app import messages
from app.commands import CommandRefused, day
from app.commands.simulator.options import add_options
from app.database import PrivilegedRole
from app.domain.errors import Unavailable
from app.domain.permissions import Role
from app.local_postgres import LocalPostgresError
from app.parameters.yaml_file import YamlFault

_ACCOUNT_ROLES = sorted(set(Role) - {Role.PARTNER})
_PARIS = ZoneInfo("Europe/Paris")
_Run = Callable[[argparse.Namespace], int]
_Command = Callable[[str, _Run, str], argparse.ArgumentParser]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; 0 when it did what it says, else a sentence on the error output."""
    options = _parser().parse_args(arguments)
    run: _Run = options.run
    try:
        return run(options)
    except (CommandRefused, LocalPostgresError, YamlFault, PrivilegedRole, OSError) as refused:
        reason = str(refused)
    except Unavailable as refused:
        reason = messages.of_error(refused, "en")
    except ValidationError as refused:
        # A setting is called as the variable of the environment that it is read from.
        named = str.upper if refused.title.endswith("Settings") else str
        reason = "; ".join(f"{named(_path(error['loc']))}: {error['msg']}" for error in refused.errors())
    except DBAPIError as refused:
        # Without the statement and its parameters, which may hold what is nobody's business.
        reason = str(refused.orig).partition("\n")[0]
    except ArgumentError as refused:
        reason = str(refused)
    sys.stderr.write(f"microcredit {options.command}: {reason}\n")
    return 1


def _path(location: tuple[int | str, ...]) -> str:
    return ".".join(str(step) for step in location)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="microcredit", description="Municipal personal microcredit.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, run: _Run, help_: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=help_, description=help_)
        sub.set_defaults(run=run)
        return sub

    dev = command("dev", _dev, "start a database and the service, with demonstration accounts and data")
    dev.add_argument("--port", type=int, default=8000)
    dev.add_argument("--data", type=Path, default=Path("var/dev"), help="data folder (default var/dev)")
    dev.add_argument("--reset", action="store_true", help="start again from an empty database")
    demo = command("demo", _demo, "replay Besançon's 25 youth cases and the other CCAS's files, and reconcile them")
    demo.add_argument("--data", type=Path, default=None, help="keep the database here instead of a temporary one")
    serve = command("serve", _serve, "serve the API on DATABASE_URL")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8000)
    serve.add_argument("--workers", type=int, default=1)
    database = command("database", _database, "make the roles and the database of the addresses in the environment")
    database.add_argument("action", choices=["prepare"])
    command("migrate", _migrate, "bring DATABASE_OWNER_URL to the revision of this code")
    _add_tenants(command("tenants", _check_tenants, "check, load, export and compare the rules of CCAS"))
    accounts = command("accounts", _accounts, "add an account, or give it new roles and a new password")
    accounts.add_argument("action", choices=["add"])
    accounts.add_argument("login")
    accounts.add_argument("--tenant", help="slug of the CCAS; none is the platform's own staff")
    accounts.add_argument("--role", dest="roles", action="append", choices=_ACCOUNT_ROLES, type=Role, required=True)
    accounts.add_argument(
        "--communes", nargs="+", default=[], metavar="CODE", help="INSEE codes it works for alone; all if none is named"
    )
    partners = command(
        "partners", _partners, "credentials of a partner that lends: add some (and the partner), rotate or end them"
    )
    partners.add_argument(
        "action",
        choices=["add", "rotate", "revoke", "revoke-keys"],
        help="make credentials; make others, the former good for a week more; end some at once; end the signing keys of"
        " a bank that lost them",
    )
    partners.add_argument("code", help="short name of the bank, such as credit_mutuel; to revoke, a client_id")
    partners.add_argument("--name", help="how people call it; needed for a new one")
    add_options(command("partner-simulator", _simulator, "play a bank over HTTP, against a service that runs"))
    _add_runs(command)
    return parser


def _add_runs(command: _Command) -> None:
    """What looks at a database or works on it by itself."""
    check = command("check", _check, "what to look up again of the law and, with DATABASE_URL, every ledger recounted")
    check.add_argument("--on", type=day, help="the day to look from, YYYY-MM-DD (default today)")
    nightly = command(
        "nightly",
        _nightly,
        "find the unpaid instalments of DATABASE_URL, check its ledgers loan by loan, note the banks that are silent,"
        " then purge; exits 1 where something was set aside, and says what",
    )
    nightly.add_argument("--date", type=day, help="the day of the run, YYYY-MM-DD (default: that of each CCAS)")
    nightly.add_argument("--tenant", help="slug of one CCAS; all if none is named")
    worker = command("worker", _worker, "send to the partners' endpoints what happened, until a signal")
    worker.add_argument("--once", action="store_true", help="until nothing is due, then end")
    worker.add_argument("--partner", metavar="CODE", help="of one partner; of all if none is named")
    command("reseal", _reseal, "seal the partners' secrets of DATABASE_URL again, under the first of ENCRYPTION_KEYS")
    purge = command(
        "purge",
        _purge,
        "erase what DATABASE_URL has kept long enough: lenders' conclusions, answers kept for repeated requests, used"
        " signatures, partners' events and deliveries of 13 months ago (a step of nightly)",
    )
    purge.add_argument("--date", type=day, help="the day of the run, YYYY-MM-DD (default: that of each CCAS)")
    purge.add_argument("--tenant", help="slug of one CCAS; all if none is named")


def _add_tenants(tenants: argparse.ArgumentParser) -> None:
    actions = tenants.add_subparsers(dest="action", required=True, metavar="ACTION")

    def action(name: str, run: _Run, help_: str) -> argparse.ArgumentParser:
        sub = actions.add_parser(name, help=help_, description=help_)
        sub.set_defaults(run=run)
        return sub

    check = action("check", _check_tenants, "say what rule files say, and every fault in them; nothing is written")
    check.add_argument("files", nargs="+", type=Path, help="rule files, or folders of them")
    load = action("load", _load_tenants, "load rule files into DATABASE_OWNER_URL: all, or none where one has a fault")
    load.add_argument("files", nargs="*", type=Path, help="files or folders; the four of the project if none is given")
    export = action("export", _export_tenant, "write the file of a CCAS, as DATABASE_OWNER_URL holds it")
    export.add_argument("slug")
    diff = action("diff", _diff_tenants, "say what the second changes in the first; one alone, in what is loaded")
    diff.add_argument("first", help="a file (.yaml) or a slug")
    diff.add_argument("second", nargs="?", help="a file (.yaml) or a slug")
    action("schema", _schema, "write the JSON Schema of rule files")


def _dev(options: argparse.Namespace) -> int:
    from app.commands.dev import dev

    return dev(port=options.port, data=options.data, reset=options.reset)


def _demo(options: argparse.Namespace) -> int:
    from app.commands.demo import demo

    return demo(data=options.data)


def _serve(options: argparse.Namespace) -> int:
    from app.commands.serve import serve

    return serve(host=options.host, port=options.port, workers=options.workers)


def _database(options: argparse.Namespace) -> int:
    from app.commands.database import prepare_server

    sys.stdout.write(f"{prepare_server(os.environ)}\n")
    return 0


def _migrate(options: argparse.Namespace) -> int:
    from app.commands.migrate import upgrade

    upgrade(_owner_url())
    return 0


def _check_tenants(options: argparse.Namespace) -> int:
    from app.commands.rules import check_files

    return max([_reported(told) for told in check_files(options.files)], default=0)


def _load_tenants(options: argparse.Namespace) -> int:
    from app.commands.rule_files import load_files
    from app.tenants import seed_files

    load_files(_owner_url(), options.files or seed_files())
    return 0


def _export_tenant(options: argparse.Namespace) -> int:
    from app.commands.tenant_export import export

    sys.stdout.write(export(_owner_url(), options.slug))
    return 0


def _diff_tenants(options: argparse.Namespace) -> int:
    from app.commands.rules import compare

    changes = compare(os.environ.get("DATABASE_OWNER_URL"), options.first, options.second)
    sys.stdout.write(f"{changes}\n")
    return 0


def _schema(_options: argparse.Namespace) -> int:
    from app.commands.rules import schema_text

    sys.stdout.write(f"{schema_text()}\n")
    return 0


def _accounts(options: argparse.Namespace) -> int:
    from app.commands.accounts import add_account, ask_password

    password = ask_password()
    add_account(
        _owner_url(),
        tenant=options.tenant,
        login=options.login,
        roles=options.roles,
        password=password.text,
        communes=options.communes,
    )
    sys.stdout.write(f"{options.login}@{options.tenant or 'platform'}{password.to_show}\n")
    return 0


def _partners(options: argparse.Namespace) -> int:
    from app.commands.partners import add_partner, revoke_client, revoke_signing_keys, rotate_partner

    if options.action == "revoke":
        revoke_client(_owner_url(), client_id=options.code)
        return _reported((f"{options.code} signs in no more", True))
    if options.action == "revoke-keys":
        ended = revoke_signing_keys(_owner_url(), code=options.code)
        return _reported((f"{ended} signing key(s) ended: {options.code} may make others", True))
    if options.action == "rotate":
        rotation = rotate_partner(_owner_url(), code=options.code)
        made, until = rotation.made, rotation.earlier_good_until
        sys.stderr.write(f"{rotation.earlier_client_id} stays good until {until:%Y-%m-%d %H:%M} UTC\n")
    else:
        made = add_partner(_owner_url(), code=options.code, name=options.name)
    sys.stdout.write(f"client_id={made.client_id}\nclient_secret={made.client_secret}\n")
    return 0


def _simulator(options: argparse.Namespace) -> int:
    from app.commands.simulator.options import chosen
    from app.commands.simulator.play import partner_simulator

    return partner_simulator(*chosen(options, os.environ))


def _check(options: argparse.Namespace) -> int:
    from app.commands.check import check

    sys.stdout.write(f"{check(options.on or datetime.now(_PARIS).date())}\n")
    if "DATABASE_URL" not in os.environ:
        return 0
    from app.commands.check_ledger import check_ledgers

    told, is_sound = check_ledgers(os.environ["DATABASE_URL"])
    return _reported((f"\n{told}", is_sound))


def _nightly(options: argparse.Namespace) -> int:
    from app.commands.nightly import nightly

    return _run_of_a_day(nightly, options)


def _purge(options: argparse.Namespace) -> int:
    from app.commands.purge import purge

    return _run_of_a_day(purge, options)


def _reseal(_options: argparse.Namespace) -> int:
    from app.commands.reseal import reseal

    return _reported(reseal())


def _run_of_a_day(run: Callable[..., tuple[str, bool]], options: argparse.Namespace) -> int:
    url = os.environ.get("DATABASE_URL")
    if not url:
        raise CommandRefused("DATABASE_URL names the database, as the role that serves")
    return _reported(run(url, options.date, slug=options.tenant))


def _reported(told: tuple[str, bool]) -> int:
    """Writes a report; the exit code is 1 where it does not tell that all is well."""
    sys.stdout.write(f"{told[0]}\n")
    return 0 if told[1] else 1


def _worker(options: argparse.Namespace) -> int:
    from app.commands.worker import worker

    told = worker(once=options.once, partner=options.partner)
    if told is not None:
        sys.stdout.write(f"{told}\n")
    return 0


def _owner_url() -> str:
    url = os.environ.get("DATABASE_OWNER_URL")
    if not url:
        raise CommandRefused("DATABASE_OWNER_URL names the database, as the role that owns it")
    return url


if __name__ == "__main__":
    sys.exit(main())
