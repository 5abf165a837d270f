"""What the function's resource in the template says, and what Lambda adds to its environment."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

REGION = "eu-west-1"
# Not secrets: the stand-in takes any.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_SESSION_TOKEN": "local"}


@dataclass(frozen=True)
class FunctionSettings:
    """`package` has `bootstrap` and `rules/`, as the deployed one; `variables` are those of the template."""

    name: str
    arn: str
    package: Path
    endpoint_url: str
    variables: dict[str, str] = field(default_factory=dict)
    memory_mb: int = 1769
    timeout_seconds: float = 60.0
    # How many run at once; `None` where nothing is reserved.
    concurrency_max: int | None = None

    def environment(self, runtime_api: str, instance: int) -> dict[str, str]:
        """Of the process: nothing of ours but the search path."""
        return {
            "PATH": os.environ.get("PATH", ""),
            "TZ": ":UTC",
            "LANG": "en_US.UTF-8",
            "LAMBDA_TASK_ROOT": str(self.package),
            "_HANDLER": "bootstrap",
            "AWS_LAMBDA_RUNTIME_API": runtime_api,
            "AWS_LAMBDA_FUNCTION_NAME": self.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.memory_mb),
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{self.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": f"local/[$LATEST]{instance}",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_EC2_METADATA_DISABLED": "true",
            **CREDENTIALS,
            **self.variables,
        }
