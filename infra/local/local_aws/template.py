"""The SAM template, and what SAM makes of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from .function_settings import REGION

REPOSITORY = Path(__file__).resolve().parents[3]
TEMPLATE = REPOSITORY / "infra" / "template.yaml"


def as_written(path: Path = TEMPLATE) -> dict[str, Any]:
    """The template as it stands, with tags such as `!Ref` in their long form."""
    from samtranslator.yaml_helper import yaml_parse

    return yaml_parse(path.read_text())


def translated(template: dict[str, Any] | None = None) -> dict[str, Any]:
    """What CloudFormation gets: plain resources in the place of SAM's."""
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)
    from samtranslator.translator.transform import transform

    template = template or as_written()
    # `sam deploy` uploads the package and writes its place here.
    template["Resources"]["Detector"]["Properties"]["CodeUri"] = "s3://local/package.zip"

    class NoManagedPolicies:
        """The template names none."""

        def load(self) -> dict[str, str]:
            return {}

    return transform(template, {}, NoManagedPolicies())
