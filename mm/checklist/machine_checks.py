"""Preflight items about this machine and the bot's own files."""

import shutil
import tempfile
from pathlib import Path

from mm.checklist.context import PreflightContext
from mm.checklist.ledger_soundness import unsoundness
from mm.checklist.model import Check, Item
from mm.database.sqlite import driver, wal_is_safe
from mm.domain.errors import StageRefused
from mm.rollout.stages import MAINNET, cap_risk, check_profile
from mm.runner.lock import is_held, running_bot

GIGABYTE = 10**9


def machine_items(context: PreflightContext) -> list[Item]:
    return [
        configuration(context),
        stage(context),
        operator(context),
        alerts(context),
        disk(context),
        log_folder(context),
        ledger(context),
        lock(context),
        latch(context),
        halts(context),
    ]


def configuration(context: PreflightContext) -> Item:
    """It was read and checked before this list began; a wrong value never comes as far as here."""
    loaded = context.loaded
    set_keys = len(loaded.sources)
    return Check("configuration", "P-5.1").passed(
        f"profile {context.profile} on {context.environment}: {set_keys} values read and checked, "
        f"hash {loaded.config_hash[:12]}"
    )


def stage(context: PreflightContext) -> Item:
    check = Check("stage", "P-3.1")
    settings = context.loaded.settings
    try:
        check_profile(context.stage, context.environment, context.profile, settings.capital)
        capped = cap_risk(settings.risk, context.stage, context.environment)
    except StageRefused as refused:
        return check.failed(refused.message, refused.hint)
    if capped != settings.risk:
        return check.warned(
            f"stage {context.stage} tightens the profile's limits to a daily loss of {capped.daily_loss_limit} and "
            f"a position of {capped.max_position}",
            "this is meant: on mainnet the lesser of profile and stage holds",
        )
    return check.passed(f"stage {context.stage} allows profile {context.profile} on {context.environment}")


def operator(context: PreflightContext) -> Item:
    check = Check("operator", "P-2.1", blocking=False)
    settings = context.loaded.settings
    missing = [] if settings.operator.name else ["operator.name"]
    missing += [] if settings.contacts.primary.name else ["contacts.primary"]
    missing += [] if settings.contacts.backup.name else ["contacts.backup"]
    if context.environment != MAINNET:
        return check.passed(f"on duty: {settings.operator.name or 'nobody named (needed on mainnet)'}")
    if missing:
        return check.warned(f"not named: {', '.join(missing)}", "name them in config.yaml: a person must be on duty")
    return check.passed(f"on duty: {settings.operator.name}")


def alerts(context: PreflightContext) -> Item:
    """Which channels there are; that they work, `mm alerts test` shows: a preflight sends no mail."""
    check = Check("alerts", "P-5.2", blocking=context.environment == MAINNET)
    mend = "see docs/alerts.md, then try them: mm alerts test"
    if context.alert_problem:
        return (
            check.failed(context.alert_problem, mend) if check.blocking else check.warned(context.alert_problem, mend)
        )
    channels = context.alert_channels
    if not channels:
        text = "no channel is configured: nobody is told when something happens"
        return check.failed(text, mend) if check.blocking else check.warned(text, mend)
    if len(channels) == 1:
        return check.warned(f"alerts go out by {channels[0]} alone: when it is down nobody is told", "add a second one")
    return check.passed(f"alerts go out by {', '.join(channels)}")


def disk(context: PreflightContext) -> Item:
    check = Check("disk", "P-5.1", blocking=context.environment != "sim")
    needed = context.loaded.settings.preflight.free_disk_gb
    free = shutil.disk_usage(_existing(context.home.path)).free
    text = f"{free / GIGABYTE:.1f} GB free under {context.home.path}, {needed} GB wanted"
    if free > needed * GIGABYTE:
        return check.passed(text)
    mend = "free some space, or lower preflight.free_disk_gb"
    return check.failed(text, mend) if check.blocking else check.warned(text, mend)


def log_folder(context: PreflightContext) -> Item:
    check = Check("log_folder", "P-5.1")
    folder = context.home.environment(context.environment).log.parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".preflight-") as file:
            file.write(b"writable\n")
            file.flush()
    except OSError as error:
        return check.failed(f"{folder} cannot be written ({error.strerror})", "mend its owner or its rights")
    return check.passed(f"{folder} can be written")


def ledger(context: PreflightContext) -> Item:
    check = Check("ledger")
    version = driver.sqlite_version
    if not wal_is_safe(tuple(driver.sqlite_version_info)):
        return check.failed(f"SQLite {version} can corrupt a ledger", "install pysqlite3 0.6.1 or newer")
    path = context.home.environment(context.environment).ledger
    if context.record_problem:
        return check.failed(context.record_problem, "restore a backup, or look at the file named")
    if not path.exists():
        return check.passed(f"SQLite {version}; no ledger yet, the first run makes {path}")
    wrong = unsoundness(path)
    if wrong:
        return check.failed(wrong, "restore a backup; move the file away only after you have looked at it")
    return check.passed(f"SQLite {version}; {path} passed the quick check")


def lock(context: PreflightContext) -> Item:
    check = Check("lock")
    files = context.home.environment(context.environment)
    bot = running_bot(files)
    if bot is not None:
        return check.failed(
            f"a bot runs on {context.environment}: process {bot.process.pid}, run {bot.run_id}",
            f"watch it with `mm status`, or end it with `mm stop --{context.environment}`",
        )
    if is_held(files):
        return check.failed(f"a process that {files.lock} does not name holds the lock", "end it, then try again")
    return check.passed(f"no other bot runs on {context.environment}")


def latch(context: PreflightContext) -> Item:
    check = Check("stop_latch")
    stop = context.home.environment(context.environment).stop
    if stop.exists():
        return check.failed(
            f"{context.environment} was stopped by an emergency ({stop} exists)",
            f"find out why, then lift it with `mm risk resume --{context.environment} --note WHY`",
        )
    return check.passed("no emergency stop is in force")


def halts(context: PreflightContext) -> Item:
    check = Check("halts")
    if context.halts:
        return check.failed(
            f"{len(context.halts)} open: {'; '.join(context.halts)}",
            f"review, then `mm risk resume --{context.environment} --note WHY`",
        )
    return check.passed("no halt is open")


def _existing(path: Path) -> Path:
    """The nearest folder that is there, for a home that `mm init` has yet to make."""
    while not path.exists():
        path = path.parent
    return path
