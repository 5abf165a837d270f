//! A table on a server that speaks DynamoDB's protocol, and a client that loses what it sends and is sent.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::{
    BeforeDeserializationInterceptorContextMut, BeforeTransmitInterceptorContextMut,
};
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{
    BehaviorVersion, ConfigBag, Credentials, Intercept, Region, RuntimeComponents,
};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, LocalSecondaryIndex, Projection,
    ProjectionType, ScalarAttributeType,
};
use aws_smithy_runtime_api::http::Response;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::{Storable, StoreReplace};

/// What is done to requests, of a hundred.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Faults {
    /// Refused before they take effect.
    pub(crate) throttled: u64,
    /// Answered after they took effect, with an answer that gets lost.
    pub(crate) unanswered: u64,
}

/// `None` where no server is named.
pub(crate) fn client(faults: Faults, seed: u64) -> Option<Client> {
    let endpoint = std::env::var("VEDETTE_AWS_ENDPOINT").ok()?;
    if endpoint.is_empty() {
        return None;
    }
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(endpoint)
        .retry_config(RetryConfig::disabled())
        .interceptor(Saboteur {
            faults,
            state: AtomicU64::new(seed),
        })
        .build();
    Some(Client::from_conf(config))
}

#[derive(Debug)]
struct Saboteur {
    faults: Faults,
    state: AtomicU64,
}

impl Saboteur {
    /// 0..100, by a linear congruence.
    fn roll(&self) -> u64 {
        let step = |state: u64| {
            state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407)
        };
        let state = self
            .state
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |s| Some(step(s)));
        (state.unwrap_or_default() >> 33) % 100
    }
}

/// What becomes of a request, from its sending to its answer.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Throttled,
    Unanswered,
}

impl Storable for Fate {
    type Storer = StoreReplace<Self>;
}

impl Intercept for Saboteur {
    fn name(&self) -> &'static str {
        "Saboteur"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let roll = self.roll();
        if roll < self.faults.throttled {
            // The server does not know what is asked for, so it does nothing.
            context.request_mut().headers_mut().remove("x-amz-target");
            bag.interceptor_state().store_put(Fate::Throttled);
        } else if roll < self.faults.throttled + self.faults.unanswered {
            bag.interceptor_state().store_put(Fate::Unanswered);
        }
        Ok(())
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let (status, kind) = match bag.load::<Fate>() {
            Some(Fate::Throttled) => (400, "ThrottlingException"),
            Some(Fate::Unanswered) => (500, "InternalServerError"),
            None => return Ok(()),
        };
        let body = SdkBody::from(format!(r#"{{"__type":"aws#{kind}"}}"#));
        *context.response_mut() = Response::new(u16::try_from(status)?.try_into()?, body);
        Ok(())
    }
}

/// A table as the template has it, under a name of its own.
pub(crate) async fn create(client: &Client) -> String {
    let name = format!("state-{:016x}", fastrand::u64(..));
    let attribute = |name: &str, kind| {
        AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(kind)
            .build()
            .unwrap()
    };
    let key = |name: &str, kind| {
        KeySchemaElement::builder()
            .attribute_name(name)
            .key_type(kind)
            .build()
            .unwrap()
    };
    let index = LocalSecondaryIndex::builder()
        .index_name("due")
        .key_schema(key("bucket", KeyType::Hash))
        .key_schema(key("due", KeyType::Range))
        .projection(
            Projection::builder()
                .projection_type(ProjectionType::KeysOnly)
                .build(),
        )
        .build()
        .unwrap();
    client
        .create_table()
        .table_name(&name)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute("bucket", ScalarAttributeType::B))
        .attribute_definitions(attribute("group", ScalarAttributeType::B))
        .attribute_definitions(attribute("due", ScalarAttributeType::N))
        .key_schema(key("bucket", KeyType::Hash))
        .key_schema(key("group", KeyType::Range))
        .local_secondary_indexes(index)
        .send()
        .await
        .expect("a table can be made");
    name
}
