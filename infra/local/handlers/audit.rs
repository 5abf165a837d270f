//! A function with the audit lines as the documents have them, for the test of the runtimes. `_HANDLER` says what it does.

#![expect(
    clippy::print_stdout,
    reason = "a function's log is its standard output"
)]

use lambda_runtime::{Error, LambdaEvent, run, service_fn, tracing};
use serde_json::{Value, json};
use std::time::SystemTime;

fn audit(event: &str, request: &Value, mut fields: Value) {
    let context = &request["requestContext"];
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    fields["timestamp"] = json!(now.as_millis() as u64);
    fields["event"] = json!(event);
    fields["request_id"] = context["requestId"].clone();
    fields["source_ip"] = context["identity"]["sourceIp"].clone();
    fields["user_agent"] = context["identity"]["userAgent"].clone();
    fields["sub"] = context["authorizer"]["claims"]["sub"].clone();
    println!("{fields}");
}

struct Vehicle {
    id: &'static str,
    owner_sub: &'static str,
}

const VEHICLES: [Vehicle; 2] = [
    Vehicle {
        id: "veh-1",
        owner_sub: "5f0c1b7e-ann",
    },
    Vehicle {
        id: "veh-2",
        owner_sub: "83d2a9c4-bob",
    },
];

fn handler(request: &Value) -> Result<Value, Error> {
    let caller = &request["requestContext"]["authorizer"]["claims"]["sub"];
    let id = &request["pathParameters"]["id"];
    let vehicle = VEHICLES.iter().find(|vehicle| *id == vehicle.id);
    let vehicle = vehicle.ok_or("no such vehicle")?;
    let is_owner = *caller == vehicle.owner_sub;

    audit(
        "vehicle.read",
        request,
        json!({
            "resource_type": "vehicle", "resource_id": vehicle.id, "owner_sub": vehicle.owner_sub,
            "decision": if is_owner { "allow" } else { "deny" },
        }),
    );

    Ok(json!({"statusCode": if is_owner { 200 } else { 403 }}))
}

/// What else an application may do.
fn line(request: &Value) -> Value {
    let mut line = json!({"event": "vehicle.read", "decision": "deny"});
    line["request_id"] = request["requestContext"]["requestId"].clone();
    line["resource_id"] = request["pathParameters"]["id"].clone();
    line
}

fn fields(request: &Value) {
    let request_id = request["requestContext"]["requestId"].as_str();
    let resource_id = request["pathParameters"]["id"].as_str();
    tracing::info!(
        event = "vehicle.read",
        request_id,
        resource_id,
        decision = "deny"
    );
}

async fn answer(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let request = &event.payload;
    match std::env::var("_HANDLER")?.as_str() {
        "audit.logged" => tracing::info!("{}", line(request)),
        "audit.warning" => tracing::warn!("{}", line(request)),
        "audit.fields" => fields(request),
        "audit.caught" => tracing::error!("stored after all: reset"),
        "audit.panics" => panic!("no such vehicle"),
        _ => return handler(request),
    }
    Ok(Value::Null)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    run(service_fn(answer)).await
}
