"""Creates the template's resources in the stand-in.

Every property of every resource is either given to the stand-in, or stands below among those without a local effect. A
property that nobody thought of is an error, so the template cannot drift from what is tested.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .function_settings import REGION
from .intrinsics import Resolver

ACCOUNT = "123456789012"

# Resources that the stand-in has no use for: it asks for no permission and measures nothing.
WITHOUT_EFFECT = {
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::IAM::Role",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::Permission",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::TopicPolicy",
}
# Read by the function, the event source and the schedule of ours.
OURS = {"AWS::Lambda::Function", "AWS::Lambda::EventSourceMapping", "AWS::Events::Rule"}


@dataclass
class Created:
    """A resource: what `Ref` gives, and its attributes."""

    ref: str
    attributes: dict[str, str] = field(default_factory=dict)


class Properties:
    """The properties of a resource; those that nobody took are an error."""

    def __init__(self, name: str, values: dict[str, Any]) -> None:
        self.name = name
        self.left = dict(values)

    def take(self, key: str, default: Any = None) -> Any:
        return self.left.pop(key, default)

    def checked(self) -> None:
        if self.left:
            raise NotImplementedError(f"{self.name}: the local AWS does not know {', '.join(self.left)}")


class Stack:
    """The template's resources, created as they are referred to."""

    def __init__(self, template: dict[str, Any], parameters: dict[str, str], client: Callable[[str], Any]) -> None:
        self.template = template
        self.client = client
        self.name = parameters.pop("AWS::StackName")
        declared = template["Parameters"]
        unknown = parameters.keys() - declared.keys()
        if unknown:
            raise ValueError(f"the template has no parameter {', '.join(sorted(unknown))}")
        self.parameters = {name: str(p.get("Default", "")) for name, p in declared.items()} | parameters
        self.created: dict[str, Created] = {}
        self.resolver = Resolver(template["Conditions"], self.ref, self.attribute)

    def create(self) -> None:
        for name, resource in self.template["Resources"].items():
            if "Condition" not in resource or self.resolver.holds(resource["Condition"]):
                self.resource(name)

    def publish_outputs(self) -> None:
        """Makes a stack of the stand-in's own that has the outputs, so that commands which ask for them find them."""
        outputs = self.resolver.value(
            {name: {"Value": output["Value"]} for name, output in self.template["Outputs"].items()}
        )
        # A stack without a resource is refused.
        resources = {"Nothing": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}
        body = json.dumps({"Resources": resources, "Outputs": outputs})
        self.client("cloudformation").create_stack(StackName=self.name, TemplateBody=body)

    def ref(self, name: str) -> str:
        pseudo = {
            "AWS::Region": REGION,
            "AWS::AccountId": ACCOUNT,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": self.name,
        }
        if name in pseudo:
            return pseudo[name]
        if name in self.parameters:
            return self.parameters[name]
        return self.resource(name).ref

    def attribute(self, name: str, attribute: str) -> str:
        return self.resource(name).attributes[attribute]

    def properties(self, name: str) -> dict[str, Any]:
        return self.resolver.value(self.template["Resources"][name].get("Properties", {}))

    def resource(self, name: str) -> Created:
        if name not in self.created:
            kind = self.template["Resources"][name]["Type"]
            self.created[name] = self._create(name, kind)
        return self.created[name]

    def _create(self, name: str, kind: str) -> Created:
        physical = f"{self.name}-{name}".lower()
        if kind == "AWS::IAM::Role":
            return Created(physical, {"Arn": f"arn:aws:iam::{ACCOUNT}:role/{physical}"})
        if kind in OURS:
            return _ours(kind, physical)
        if kind in WITHOUT_EFFECT:
            arn = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{physical}"
            return Created(physical, {"Arn": arn})
        if kind not in _CREATORS:
            raise NotImplementedError(f"{name}: the local AWS does not know {kind}: add it to resources.py")
        properties = Properties(name, self.properties(name))
        created = _CREATORS[kind](self, physical, properties)
        properties.checked()
        return created


def _ours(kind: str, physical: str) -> Created:
    arns = {
        "AWS::Lambda::Function": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{physical}",
        "AWS::Lambda::EventSourceMapping": f"arn:aws:lambda:{REGION}:{ACCOUNT}:event-source-mapping:{physical}",
        "AWS::Events::Rule": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{physical}",
    }
    return Created(physical, {"Arn": arns[kind]})


def _key(stack: Stack, _: str, properties: Properties) -> Created:
    properties.take("PendingWindowInDays")  # Says how long a deletion waits.
    properties.take("KeyPolicy")  # The stand-in asks for no permission.
    made = stack.client("kms").create_key(Description=properties.take("Description"))["KeyMetadata"]
    if properties.take("EnableKeyRotation"):
        stack.client("kms").enable_key_rotation(KeyId=made["KeyId"])
    return Created(made["KeyId"], {"Arn": made["Arn"]})


def _stream(stack: Stack, name: str, properties: Properties) -> Created:
    kinesis = stack.client("kinesis")
    kinesis.create_stream(StreamName=name, StreamModeDetails=properties.take("StreamModeDetails"))
    hours = properties.take("RetentionPeriodHours", 24)
    if hours > 24:
        kinesis.increase_stream_retention_period(StreamName=name, RetentionPeriodHours=hours)
    kinesis.start_stream_encryption(StreamName=name, **properties.take("StreamEncryption"))
    arn = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
    return Created(name, {"Arn": arn})


def _subscription_filter(stack: Stack, name: str, properties: Properties) -> Created:
    properties.take("Distribution")  # The stand-in has one way.
    stack.client("logs").put_subscription_filter(
        logGroupName=properties.take("LogGroupName"),
        filterName=name,
        filterPattern=properties.take("FilterPattern"),
        destinationArn=properties.take("DestinationArn"),
        roleArn=properties.take("RoleArn"),
    )
    return Created(name)


def _table(stack: Stack, name: str, properties: Properties) -> Created:
    dynamodb = stack.client("dynamodb")
    sse = properties.take("SSESpecification")
    made = dynamodb.create_table(
        TableName=name,
        BillingMode=properties.take("BillingMode"),
        AttributeDefinitions=properties.take("AttributeDefinitions"),
        KeySchema=properties.take("KeySchema"),
        LocalSecondaryIndexes=properties.take("LocalSecondaryIndexes"),
        DeletionProtectionEnabled=properties.take("DeletionProtectionEnabled"),
        SSESpecification={
            "Enabled": sse["SSEEnabled"],
            "SSEType": sse["SSEType"],
            "KMSMasterKeyId": sse["KMSMasterKeyId"],
        },
    )
    dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=properties.take("TimeToLiveSpecification"))
    dynamodb.update_continuous_backups(
        TableName=name, PointInTimeRecoverySpecification=properties.take("PointInTimeRecoverySpecification")
    )
    return Created(name, {"Arn": made["TableDescription"]["TableArn"]})


def _topic(stack: Stack, name: str, properties: Properties) -> Created:
    attributes = {key: properties.take(key) for key in ("DisplayName", "KmsMasterKeyId")}
    arn = stack.client("sns").create_topic(Name=name, Attributes=attributes)["TopicArn"]
    return Created(arn, {"TopicName": name, "TopicArn": arn})


def _subscription(stack: Stack, _: str, properties: Properties) -> Created:
    made = stack.client("sns").subscribe(
        TopicArn=properties.take("TopicArn"),
        Protocol=properties.take("Protocol"),
        Endpoint=properties.take("Endpoint"),
    )
    return Created(made["SubscriptionArn"])


def _bucket(stack: Stack, name: str, properties: Properties) -> Created:
    s3 = stack.client("s3")
    s3.create_bucket(
        Bucket=name,
        CreateBucketConfiguration={"LocationConstraint": REGION},
        ObjectOwnership=properties.take("OwnershipControls")["Rules"][0]["ObjectOwnership"],
    )
    (rule,) = properties.take("BucketEncryption")["ServerSideEncryptionConfiguration"]
    rule = {"ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"]} | {
        "BucketKeyEnabled": rule["BucketKeyEnabled"]
    }
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.put_public_access_block(
        Bucket=name, PublicAccessBlockConfiguration=properties.take("PublicAccessBlockConfiguration")
    )
    rules = [
        {
            "ID": rule["Id"],
            "Status": rule["Status"],
            "Filter": {"Prefix": ""},
            "Expiration": {"Days": int(rule["ExpirationInDays"])},
            "AbortIncompleteMultipartUpload": rule["AbortIncompleteMultipartUpload"],
        }
        for rule in properties.take("LifecycleConfiguration")["Rules"]
    ]
    s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": rules})
    return Created(name, {"Arn": f"arn:aws:s3:::{name}"})


def _log_group(stack: Stack, _: str, properties: Properties) -> Created:
    logs = stack.client("logs")
    name = properties.take("LogGroupName")
    logs.create_log_group(logGroupName=name, kmsKeyId=properties.take("KmsKeyId"))
    logs.put_retention_policy(logGroupName=name, retentionInDays=properties.take("RetentionInDays"))
    return Created(name, {"Arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}:*"})


_CREATORS: dict[str, Callable[[Stack, str, Properties], Created]] = {
    "AWS::KMS::Key": _key,
    "AWS::Kinesis::Stream": _stream,
    "AWS::Logs::SubscriptionFilter": _subscription_filter,
    "AWS::DynamoDB::Table": _table,
    "AWS::SNS::Topic": _topic,
    "AWS::SNS::Subscription": _subscription,
    "AWS::S3::Bucket": _bucket,
    "AWS::Logs::LogGroup": _log_group,
}
