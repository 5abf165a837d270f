//! Synthetic CloudTrail records: a seed goes in, JSON lines come out.
//!
//! The fields, their order and their nesting are those of real management events, and so is their size: about 1,250
//! bytes on average. Accounts and addresses are those reserved for documentation.

use detector_core::window::key::Key;
use fastrand::Rng;

/// One API call: its service, name, request and response. `$i` becomes an identifier, `$n` a number, `$u` a user.
struct Call {
    service: &'static str,
    name: &'static str,
    request: &'static str,
    response: &'static str,
}

const fn call(
    service: &'static str,
    name: &'static str,
    request: &'static str,
    response: &'static str,
) -> Call {
    Call {
        service,
        name,
        request,
        response,
    }
}

/// Mostly reads, as in a real trail.
#[rustfmt::skip]
const CALLS: &[Call] = &[
    call("sts", "AssumeRole", r#"{"roleArn":"arn:aws:iam::111122223333:role/service-$u","roleSessionName":"session-$n","durationSeconds":3600,"externalId":"$i"}"#, r#"{"credentials":{"accessKeyId":"ASIA$n","sessionToken":"IQoJb3JpZ2luX2VjEJ3//////////wEaCXVzLWVhc3QtMSJHMEUCIQD$i$i","expiration":"Nov 23, 2026, 1:00:00 PM"},"assumedRoleUser":{"assumedRoleId":"AROA$n:session-$n","arn":"arn:aws:sts::111122223333:assumed-role/service-$u/session-$n"}}"#),
    call("sts", "GetCallerIdentity", "null", "null"),
    call("ec2", "DescribeInstances", r#"{"instancesSet":{"items":[{"instanceId":"i-$i"},{"instanceId":"i-$i"}]},"filterSet":{"items":[{"name":"tag:Name","valueSet":{"items":[{"value":"fleet-prod-$n"}]}}]}}"#, "null"),
    call("ec2", "DescribeSecurityGroups", r#"{"securityGroupSet":{},"securityGroupIdSet":{"items":[{"groupId":"sg-$i"}]},"filterSet":{}}"#, "null"),
    call("ec2", "DescribeVolumes", r#"{"volumeSet":{"items":[{"volumeId":"vol-$i"}]},"filterSet":{},"maxResults":100}"#, "null"),
    call("ec2", "DescribeNetworkInterfaces", r#"{"networkInterfaceIdSet":{},"filterSet":{"items":[{"name":"vpc-id","valueSet":{"items":[{"value":"vpc-$i"}]}}]}}"#, "null"),
    call("ec2", "RunInstances", r#"{"instancesSet":{"items":[{"imageId":"ami-$i","minCount":1,"maxCount":1,"keyName":"fleet"}]},"instanceType":"m7g.large","blockDeviceMapping":{},"monitoring":{"enabled":false},"disableApiTermination":false,"subnetId":"subnet-$i","tagSpecificationSet":{"items":[{"resourceType":"instance","tags":[{"key":"Name","value":"fleet-prod-$n"},{"key":"team","value":"$u"}]}]}}"#, r#"{"requestId":"$i","reservationId":"r-$i","ownerId":"111122223333","groupSet":{},"instancesSet":{"items":[{"instanceId":"i-$i","imageId":"ami-$i","instanceState":{"code":0,"name":"pending"},"privateDnsName":"ip-10-0-0-$n.ec2.internal","amiLaunchIndex":0,"instanceType":"m7g.large","launchTime":1790000000000,"placement":{"availabilityZone":"eu-central-1a","tenancy":"default"},"subnetId":"subnet-$i","vpcId":"vpc-$i","privateIpAddress":"10.0.0.7","rootDeviceType":"ebs","virtualizationType":"hvm","hypervisor":"xen"}]}}"#),
    call("ec2", "CreateSecurityGroup", r#"{"groupName":"sg-$u","groupDescription":"made for \"$u\" by hand\n","vpcId":"vpc-$i"}"#, r#"{"requestId":"$i","_return":true,"groupId":"sg-$i"}"#),
    call("ec2", "AuthorizeSecurityGroupIngress", r#"{"groupId":"sg-$i","ipPermissions":{"items":[{"ipProtocol":"tcp","fromPort":22,"toPort":22,"groups":{},"ipRanges":{"items":[{"cidrIp":"198.51.100.0/24"}]},"ipv6Ranges":{},"prefixListIds":{}}]}}"#, r#"{"requestId":"$i","_return":true,"securityGroupRuleSet":{"items":[{"groupOwnerId":"111122223333","groupId":"sg-$i","securityGroupRuleId":"sgr-$i","isEgress":false,"ipProtocol":"tcp","fromPort":22,"toPort":22,"cidrIpv4":"198.51.100.0/24"}]}}"#),
    call("s3", "ListBuckets", r#"{"Host":"s3.eu-central-1.amazonaws.com"}"#, "null"),
    call("s3", "GetBucketAcl", r#"{"bucketName":"fleet-prod-$n","Host":"fleet-prod-$n.s3.amazonaws.com","acl":""}"#, "null"),
    call("s3", "GetBucketPolicy", r#"{"bucketName":"fleet-prod-$n","Host":"fleet-prod-$n.s3.amazonaws.com","policy":""}"#, "null"),
    call("s3", "PutBucketPolicy", r#"{"bucketPolicy":{"Version":"2012-10-17","Statement":[{"Sid":"read","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/$u"},"Action":["s3:GetObject","s3:ListBucket"],"Resource":["arn:aws:s3:::fleet-prod-$n","arn:aws:s3:::fleet-prod-$n/*"]}]},"bucketName":"fleet-prod-$n","Host":"fleet-prod-$n.s3.amazonaws.com","policy":""}"#, "null"),
    call("s3", "PutBucketLifecycle", r#"{"LifecycleConfiguration":{"Rule":{"ID":"expire","Status":"Enabled","Expiration":{"Days":30}}},"bucketName":"fleet-prod-$n","lifecycle":""}"#, "null"),
    call("kms", "Decrypt", r#"{"encryptionContext":{"aws:s3:arn":"arn:aws:s3:::fleet-prod-$n/part-$n.parquet"},"encryptionAlgorithm":"SYMMETRIC_DEFAULT"}"#, "null"),
    call("kms", "GenerateDataKey", r#"{"keyId":"arn:aws:kms:eu-central-1:111122223333:key/$i","encryptionContext":{"aws:s3:arn":"arn:aws:s3:::fleet-prod-$n"},"keySpec":"AES_256"}"#, "null"),
    call("kms", "DescribeKey", r#"{"keyId":"$i"}"#, "null"),
    call("iam", "ListRoles", r#"{"maxItems":100,"marker":"$i"}"#, "null"),
    call("iam", "GetRole", r#"{"roleName":"service-$u"}"#, "null"),
    call("iam", "CreateUser", r#"{"userName":"synthetic-$u"}"#, r#"{"user":{"path":"/","arn":"arn:aws:iam::111122223333:user/synthetic-$u","userId":"AIDA$n","createDate":"Nov 23, 2026, 12:00:00 PM","userName":"synthetic-$u"}}"#),
    call("iam", "CreateAccessKey", r#"{"userName":"synthetic-$u"}"#, r#"{"accessKey":{"accessKeyId":"AKIA$n","status":"Active","userName":"synthetic-$u","createDate":"Nov 23, 2026, 12:00:00 PM"}}"#),
    call("iam", "AttachRolePolicy", r#"{"roleName":"service-$u","policyArn":"arn:aws:iam::aws:policy/ReadOnlyAccess"}"#, "null"),
    call("iam", "UpdateLoginProfile", r#"{"userName":"synthetic-$u"}"#, "null"),
    call("lambda", "ListFunctions20150331", r#"{"maxItems":50,"functionVersion":"ALL"}"#, "null"),
    call("lambda", "UpdateFunctionCode20150331v2", r#"{"functionName":"arn:aws:lambda:eu-central-1:111122223333:function:fleet-$u","s3Bucket":"fleet-prod-$n","s3Key":"$i.zip","publish":true,"dryRun":false}"#, r#"{"functionName":"fleet-$u","functionArn":"arn:aws:lambda:eu-central-1:111122223333:function:fleet-$u","runtime":"provided.al2023","role":"arn:aws:iam::111122223333:role/service-$u","handler":"bootstrap","codeSize":4194304,"timeout":30,"memorySize":512,"lastModified":"2026-11-23T12:00:00.000+0000","codeSha256":"$i$i","version":"$n","tracingConfig":{"mode":"PassThrough"},"revisionId":"$i"}"#),
    call("logs", "DescribeLogGroups", r#"{"logGroupNamePrefix":"/aws/lambda/fleet-","limit":50}"#, "null"),
    call("logs", "CreateLogStream", r#"{"logGroupName":"/aws/lambda/fleet-$u","logStreamName":"2026/11/23/[$LATEST]$i"}"#, "null"),
    call("dynamodb", "DescribeTable", r#"{"tableName":"fleet-prod-vehicles"}"#, "null"),
    call("ssm", "GetParameters", r#"{"names":["/fleet/prod/endpoint","/fleet/prod/limits/$n"],"withDecryption":true}"#, "null"),
    call("ssm", "UpdateInstanceInformation", r#"{"instanceId":"i-$i","agentVersion":"3.3.1345.0","agentStatus":"Active","platformType":"Linux","platformName":"Amazon Linux","platformVersion":"2023","iPAddress":"10.0.0.7","computerName":"ip-10-0-0-7.eu-central-1.compute.internal","agentName":"amazon-ssm-agent","availabilityZone":"eu-central-1a","availabilityZoneId":"euc1-az2","sSMConnectionChannel":"ssmmessages"}"#, "null"),
    call("cloudtrail", "LookupEvents", r#"{"lookupAttributes":[{"attributeKey":"EventName","attributeValue":"CreateUser"}],"maxResults":50}"#, "null"),
    call("config", "PutEvaluations", r#"{"evaluations":[{"complianceResourceType":"AWS::EC2::Instance","complianceResourceId":"i-$i","complianceType":"COMPLIANT","orderingTimestamp":"Nov 23, 2026, 12:00:00 PM"}],"resultToken":"$i","testMode":false}"#, r#"{"failedEvaluations":[]}"#),
    call("cognito-idp", "InitiateAuth", r#"{"authFlow":"USER_SRP_AUTH","authParameters":"HIDDEN_DUE_TO_SECURITY_REASONS","clientMetadata":"HIDDEN_DUE_TO_SECURITY_REASONS","clientId":"$i"}"#, r#"{"challengeName":"PASSWORD_VERIFIER","challengeParameters":"HIDDEN_DUE_TO_SECURITY_REASONS"}"#),
    call("cognito-idp", "RespondToAuthChallenge", r#"{"clientId":"$i","challengeName":"PASSWORD_VERIFIER","session":"HIDDEN_DUE_TO_SECURITY_REASONS","challengeResponses":"HIDDEN_DUE_TO_SECURITY_REASONS"}"#, "null"),
    call("signin", "ConsoleLogin", "null", r#"{"ConsoleLogin":"Success"}"#),
    call("secretsmanager", "GetSecretValue", r#"{"secretId":"fleet/prod/$u"}"#, "null"),
    call("ecr", "BatchGetImage", r#"{"registryId":"111122223333","repositoryName":"fleet/$u","imageIds":[{"imageDigest":"sha256:$i$i"}],"acceptedMediaTypes":["application/vnd.oci.image.manifest.v1+json","application/vnd.docker.distribution.manifest.v2+json"]}"#, "null"),
];

const AGENTS: &[&str] = &[
    "aws-cli/2.17.20 md/awscrt#0.21.2 ua/2.0 os/linux#6.1.102-108.177.amzn2023.x86_64 md/arch#x86_64 lang/python#3.11.9 md/pyimpl#CPython cfg/retry-mode#standard",
    "Boto3/1.34.162 md/Botocore#1.34.162 ua/2.0 os/linux#5.10.220 md/arch#aarch64 lang/python#3.12.4 exec-env/AWS_Lambda_python3.12 Botocore/1.34.162",
    "APN/1.0 HashiCorp/1.0 Terraform/1.9.4 (+https://www.terraform.io) terraform-provider-aws/5.62.0 aws-sdk-go-v2/1.30.3",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Safari/537.36",
    "ec2.amazonaws.com",
    "aws-sdk-java/2.27.2 Linux/5.10.220 OpenJDK_64-Bit_Server_VM/21.0.4+7-LTS Java/21.0.4 vendor/Amazon.com_Inc. io/sync http/Apache",
];

/// Services and calls that occur, for rules that shall match now and then.
pub fn known_calls() -> impl Iterator<Item = (&'static str, &'static str)> {
    CALLS.iter().map(|call| (call.service, call.name))
}

/// The first moment of every recording: 2026-11-23T12:00:00Z.
const START_S: u64 = 1_795_435_200;
/// Events in a second of event time.
const EVENTS_PER_S: u64 = 40;

/// `records` records, one after the other, without line breaks between.
pub fn records(seed: u64, records: usize) -> Vec<String> {
    let mut rng = Rng::with_seed(seed);
    (0..records as u64).map(|at| record(&mut rng, at)).collect()
}

/// The same, as NDJSON of at least `bytes` bytes.
pub fn ndjson(seed: u64, bytes: usize) -> Vec<u8> {
    let mut rng = Rng::with_seed(seed);
    let mut lines = Vec::with_capacity(bytes + 4096);
    for at in 0.. {
        if lines.len() >= bytes {
            break;
        }
        lines.extend_from_slice(record(&mut rng, at).as_bytes());
        lines.push(b'\n');
    }
    lines
}

fn record(rng: &mut Rng, at: u64) -> String {
    let call = &CALLS[rng.usize(..CALLS.len())];
    let time = clock(START_S + at / EVENTS_PER_S);
    let mut json = String::with_capacity(2048);
    json.push_str(r#"{"eventVersion":"1.09","userIdentity":"#);
    json.push_str(&identity(rng, &time));
    let address = format!("198.51.100.{}", rng.u8(..));
    json.push_str(&format!(
        r#","eventTime":"{time}","eventSource":"{}.amazonaws.com","eventName":"{}","awsRegion":"eu-central-1","sourceIPAddress":"{address}","userAgent":"{}","#,
        call.service,
        call.name,
        AGENTS[rng.usize(..AGENTS.len())],
    ));
    if rng.u8(..100) < 8 {
        json.push_str(&format!(
            r#""errorCode":"AccessDenied","errorMessage":"User: arn:aws:sts::111122223333:assumed-role/service/session is not authorized to perform: {}:{} because no identity-based policy allows the action","#,
            call.service, call.name,
        ));
    }
    let (request, response) = (fill(rng, call.request), fill(rng, call.response));
    let is_read = ["Get", "List", "Describe", "Lookup"]
        .iter()
        .any(|start| call.name.starts_with(start));
    json.push_str(&format!(
        r#""requestParameters":{request},"responseElements":{response},"requestID":"{}","eventID":"{}","readOnly":{is_read},"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management","tlsDetails":{{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"{}.eu-central-1.amazonaws.com"}}}}"#,
        uuid(rng), uuid(rng), call.service,
    ));
    json
}

fn identity(rng: &mut Rng, time: &str) -> String {
    let user = user(rng);
    match rng.u8(..10) {
        0 => r#"{"type":"AWSService","invokedBy":"ec2.amazonaws.com"}"#.to_owned(),
        1 | 2 => format!(
            r#"{{"type":"IAMUser","principalId":"AIDA{0}","arn":"arn:aws:iam::111122223333:user/synthetic-{user}","accountId":"111122223333","accessKeyId":"AKIA{0}","userName":"synthetic-{user}"}}"#,
            rng.u64(10_000_000..99_999_999),
        ),
        _ => format!(
            r#"{{"type":"AssumedRole","principalId":"AROA{0}:session-{1}","arn":"arn:aws:sts::111122223333:assumed-role/service-{user}/session-{1}","accountId":"111122223333","accessKeyId":"ASIA{0}","sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"AROA{0}","arn":"arn:aws:iam::111122223333:role/service-{user}","accountId":"111122223333","userName":"service-{user}"}},"webIdFederationData":{{}},"attributes":{{"creationDate":"{time}","mfaAuthenticated":"false"}}}}}}"#,
            rng.u64(10_000_000..99_999_999),
            rng.u16(..),
        ),
    }
}

fn user(rng: &mut Rng) -> String {
    format!("{:03}", rng.u16(..400))
}

/// The template with its placeholders filled in.
fn fill(rng: &mut Rng, template: &str) -> String {
    let mut filled = String::with_capacity(template.len() + 64);
    let mut parts = template.split('$');
    filled.extend(parts.next());
    for part in parts {
        match part.as_bytes().first() {
            Some(b'i') => filled.push_str(&format!("{:016x}", rng.u64(..))),
            Some(b'n') => filled.push_str(&rng.u32(10_000..999_999).to_string()),
            Some(b'u') => filled.push_str(&user(rng)),
            _ => {
                filled.push('$');
                filled.push_str(part);
                continue;
            }
        }
        filled.push_str(&part[1..]);
    }
    filled
}

fn uuid(rng: &mut Rng) -> String {
    Key::from_u128(rng.u128(..) & !(0xf << 76) | 4 << 76).in_uuid_form()
}

/// RFC 3339 for a moment of the recording, which does not go past its month.
fn clock(seconds: u64) -> String {
    let past = seconds - START_S + 12 * 3600;
    let (day, second) = (23 + past / 86_400, past % 86_400);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!(
        "2026-11-{:02}T{hour:02}:{minute:02}:{second:02}Z",
        day.min(30)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_json_of_the_size_of_real_ones() {
        let records = records(1, 2000);
        let bytes: usize = records.iter().map(String::len).sum();
        let mean = bytes / records.len();
        assert!((1_150..1_350).contains(&mean), "{mean}");
        for record in &records {
            let tree: serde_json::Value = serde_json::from_str(record).expect("JSON");
            assert!(tree["eventID"].is_string());
        }
        assert_eq!(records[..10], super::records(1, 10)[..]);
    }
}
