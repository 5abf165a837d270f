"""CloudFormation's intrinsic functions, as far as the template uses them; any other one is an error."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

_VARIABLE = re.compile(r"\$\{([A-Za-z0-9:.]+)\}")
NO_VALUE = object()


class Resolver:
    """Puts values in the place of functions.

    `ref` gives the value of a parameter, pseudo parameter or resource; `attribute` that of a resource's attribute.
    """

    def __init__(
        self, conditions: dict[str, Any], ref: Callable[[str], Any], attribute: Callable[[str, str], Any]
    ) -> None:
        self.conditions = conditions
        self.ref = ref
        self.attribute = attribute

    def holds(self, condition: str) -> bool:
        return bool(self.value(self.conditions[condition]))

    def value(self, node: Any) -> Any:
        """The node with all functions evaluated, and without what is `AWS::NoValue`."""
        if isinstance(node, list):
            return [value for value in map(self.value, node) if value is not NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((name, argument),) = node.items()
            if name in ("Ref", "Condition") and isinstance(argument, str):
                return self._ref(argument) if name == "Ref" else self.holds(argument)
            if name.startswith("Fn::"):
                return self._function(name.removeprefix("Fn::"), argument)
        values = {key: self.value(value) for key, value in node.items()}
        return {key: value for key, value in values.items() if value is not NO_VALUE}

    def _ref(self, name: str) -> Any:
        return NO_VALUE if name == "AWS::NoValue" else self.ref(name)

    def _function(self, name: str, argument: Any) -> Any:
        if name == "If":
            condition, yes, no = argument
            return self.value(yes if self.holds(condition) else no)
        if name == "GetAtt":
            parts = argument if isinstance(argument, list) else argument.split(".", 1)
            return self.attribute(parts[0], parts[1])
        if name == "Sub":
            return self._sub(argument)
        values = self.value(argument)
        if name == "Equals":
            return values[0] == values[1]
        if name == "Not":
            return not values[0]
        if name == "Select":
            return values[1][int(values[0])]
        if name == "Split":
            return values[1].split(values[0])
        if name == "Join":
            return values[0].join(values[1])
        raise NotImplementedError(f"Fn::{name} is not known to the local AWS: add it to intrinsics.py")

    def _sub(self, argument: str | list[Any]) -> str:
        text, own = argument if isinstance(argument, list) else (argument, {})
        own = self.value(own)

        def replaced(found: re.Match[str]) -> str:
            if found.group(1) in own:
                return str(own[found.group(1)])
            name, _, attribute = found.group(1).partition(".")
            return str(self.attribute(name, attribute) if attribute else self.ref(name))

        return _VARIABLE.sub(replaced, text)
