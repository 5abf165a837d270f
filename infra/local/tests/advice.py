"""The advice of the rules (`vedette.response`): its commands, and what is wrong with one before it is run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml
from awscli.clidriver import create_clidriver

from local_aws.template import REPOSITORY

# A mail has no more of it.
CHARS_MAX = 4_000
# What undoes a command, as (command, options that tell it from its undoing): the same advice has to have it.
UNDONE_BY = {
    "cognito-idp admin-disable-user": "cognito-idp admin-enable-user",
    "iam attach-user-policy": "iam detach-user-policy",
    "iam update-access-key": "--status Active",
    "wafv2 update-ip-set": "To undo",
}
# Commands that put what they are given in place of all that is there, and what reads that.
REPLACES = {
    "wafv2 update-ip-set": "wafv2 get-ip-set",
    "wafv2 update-web-acl": "wafv2 get-web-acl",
    "wafv2 put-logging-configuration": "wafv2 get-logging-configuration",
    "logs put-data-protection-policy": "logs get-data-protection-policy",
    "cognito-idp update-user-pool": "cognito-idp describe-user-pool",
    "cognito-idp update-user-pool-client": "cognito-idp describe-user-pool-client",
    "cognito-idp set-risk-configuration": "cognito-idp describe-risk-configuration",
}
# What nobody should do to find the accounts of an attacker: honest newcomers have the same status.
EVERYBODY_NEW = "UNCONFIRMED"


@dataclass(frozen=True)
class Advice:
    rule: str
    text: str

    def blocks(self) -> list[tuple[str, ...]]:
        """Its commands; those that follow each other without words between them are one block."""
        blocks: list[list[str]] = [[]]
        for line in self.text.splitlines():
            if line.startswith("    "):
                blocks[-1].append(line.strip())
            elif blocks[-1]:
                blocks.append([])
        return [tuple(block) for block in blocks if block]

    def commands(self) -> list[str]:
        return [command for block in self.blocks() for command in block]

    def faults(self) -> list[str]:
        """What is wrong with it, as far as can be told without running it."""
        commands = self.commands()
        found = [fault for command in commands if (fault := fault_of(command))]
        found += [f"no command: {line}" for line in self.text.splitlines() if re.match(r" {0,3}aws ", line)]
        for number, command in enumerate(commands):
            name = name_of(command)
            if (undo := UNDONE_BY.get(name)) and undo not in " ".join(self.text.split()):
                found.append(f"nothing says how to undo: {command}")
            if (read := REPLACES.get(name)) and not _is_read(command, commands[:number], read):
                found.append(f"replaces what is there, which was not read before: {command}")
            if EVERYBODY_NEW in command:
                found.append(f"takes honest newcomers for the attacker's accounts: {command}")
        if len(self.text) > CHARS_MAX:
            found.append(f"{len(self.text)} characters, a mail has {CHARS_MAX}")
        return found


def _is_read(command: str, before: list[str], read: str) -> bool:
    """Whether the same thing was read into a file from which the command takes both the token and what was there."""
    target = [f"--{option} {value}" for option in ("name", "id") if (value := option_of(command, option))]
    for earlier in before:
        kept = re.search(r"> (\S+)$", earlier)
        if name_of(earlier) == read and kept and all(part in earlier for part in target):
            return command.count(f" {kept.group(1)})") >= 2
    return False


def option_of(command: str, name: str) -> str | None:
    found = re.search(rf"--{name} (\S+)", command)
    return found and found.group(1)


def name_of(command: str) -> str:
    """`wafv2 get-ip-set`"""
    return " ".join(words(command)[1:3])


def words(command: str) -> list[str]:
    """The words of the first program of a command line, as a shell reads them."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars="|>;&")
    lexer.whitespace_split = True
    found = []
    for word in lexer:
        if word and set(word) <= set("|>;&"):
            break
        found.append(word)
    return found


@cache
def _driver() -> Any:
    return create_clidriver()


@cache
def _operation(service: str, operation: str) -> Any:
    """What the AWS CLI knows of an operation; None where it knows none."""
    command = _driver()._get_command_table().get(service)
    return command and command._get_command_table().get(operation)


def fault_of(command: str) -> str | None:
    """What the AWS CLI's own model says against a command line: service, operation, options."""
    try:
        program, service, operation, *rest = words(command)
    except ValueError as error:
        return f"no command line ({error}): {command}"
    if program != "aws":
        return f"does not begin with aws: {command}"
    known = _operation(service, operation)
    if known is None:
        return f"the AWS CLI has no {service} {operation}: {command}"
    options = {word for word in rest if word.startswith("--")}
    if rest and not rest[0].startswith("--"):
        return f"{rest[0]} belongs to no option: {command}"
    allowed = set(known.arg_table) | set(_driver()._get_argument_table())
    for option in sorted(options):
        if option.removeprefix("--") not in allowed:
            return f"{service} {operation} has no option {option}: {command}"
    for name, argument in known.arg_table.items():
        if argument.required and f"--{name}" not in options:
            return f"{service} {operation} needs --{name}: {command}"
    return None


def shipped() -> Iterator[Advice]:
    """The advice of every rule under rules/ that gives one."""
    for path in sorted((REPOSITORY / "rules").rglob("*.yml")):
        for document in yaml.safe_load_all(path.read_text()):
            response = (document.get("vedette") or {}).get("response")
            if response:
                yield Advice(document["name"], response)
