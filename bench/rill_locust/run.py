"""A run of Locust: its options, its talks, and at its end the verdict and the exit code."""

from __future__ import annotations

import sys
from typing import Any

import gevent
from locust import events
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from locust.runners import LocalRunner

from .accounts import Accounts, Source
from .talk import Talk


class Run:
    """What all users of a run share."""

    def __init__(self, environment: Environment) -> None:
        options = environment.parsed_options
        assert options is not None
        self.options: Any = options
        self.accounts = Accounts(Source(options.accounts, options.admin_token, options.invitation))
        self._environment = environment
        self._talks: dict[str, tuple[Talk, float]] = {}

    def talk(self, user_class: str, percent: float, *, in_rounds: bool) -> Talk:
        """The room of these users; `percent` of its deliveries must come within the bound."""
        if user_class not in self._talks:
            talk = Talk(self._environment, user_class)
            self._talks[user_class] = talk, percent
            if in_rounds:
                gevent.spawn(talk.hold_rounds, self.options.interval)
            else:
                gevent.spawn(_report, talk)
        return self._talks[user_class][0]

    def drain(self) -> None:
        """No more posts; waits for what is on its way."""
        for talk, _ in self._talks.values():
            talk.is_over = True
        for talk, _ in self._talks.values():
            talk.settle(self.options.drain)
            talk.report()

    def judge(self) -> bool:
        """Prints the verdict of each talk; whether all passed."""
        lines = []
        passed = bool(self._talks)
        for user_class, (talk, percent) in self._talks.items():
            rounds = f", {talk.rounds} rounds" if talk.rounds else ""
            lines.append(f"{user_class}: {talk.wanted} users in one room{rounds}")
            for verdict in talk.verdicts(self.options.within_ms, percent):
                lines.append(f"  {'pass' if verdict.passed else 'FAIL'}  {verdict.name:<12}{verdict.detail}")
                passed &= verdict.passed
        failures = self._environment.stats.total.num_failures
        lines.append(f"{'pass' if passed and not failures else 'FAIL'}, {failures} failed requests")
        print("\n".join(lines), flush=True)
        return passed and not failures


def _report(talk: Talk) -> None:
    while not talk.is_over:
        gevent.sleep(1)
        talk.report()


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def _options(parser: LocustArgumentParser) -> None:
    parser.add_argument("--within-ms", type=float, default=200, help="Every delivery of the team, p99 of a steady load")
    parser.add_argument("--text-bytes", type=int, default=100, help="Length of a message")
    parser.add_argument("--interval", type=float, default=1, help="Seconds between two rounds of the team")
    parser.add_argument("--rate", type=float, default=2, help="Messages a second of each user of a steady load")
    parser.add_argument("--drain", type=float, default=15, help="Seconds for the last deliveries")
    parser.add_argument("--ca-file", help="PEM of who signed the server's certificate, or of a self-made one")
    parser.add_argument("--accounts", help='JSON: {"users": [{"username": "…", "password": "…"}, {"token": "…"}]}')
    parser.add_argument("--admin-token", help="Of an administrator, who makes the accounts", is_secret=True)
    parser.add_argument("--invitation", help="For registrations, where the server asks for one", is_secret=True)


@events.init.add_listener  # type: ignore[untyped-decorator]
def _check(environment: Environment, **_: object) -> None:
    if environment.runner is not None and not isinstance(environment.runner, LocalRunner):
        sys.exit("All users post at one instant of one clock and are counted together: run it as one process.")


@events.test_start.add_listener  # type: ignore[untyped-decorator]
def _start(environment: Environment, **_: object) -> None:
    environment.rill = Run(environment)  # type: ignore[attr-defined]


@events.test_stopping.add_listener  # type: ignore[untyped-decorator]
def _stopping(environment: Environment, **_: object) -> None:
    run_of(environment).drain()


@events.test_stop.add_listener  # type: ignore[untyped-decorator]
def _stop(environment: Environment, **_: object) -> None:
    environment.process_exit_code = 0 if run_of(environment).judge() else 1


def run_of(environment: Environment) -> Run:
    """The run that the environment is in."""
    run: Run = environment.rill  # type: ignore[attr-defined]
    return run
