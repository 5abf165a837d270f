//! The service's process: reads the environment, loads the rules, handles invocations until Lambda ends it.

use std::process::ExitCode;
use std::time::Instant;

use detector_lambda::config::Config;
use detector_lambda::invocation::Payload;
use detector_lambda::logging;
use detector_lambda::service::Service;
use lambda_runtime::{LambdaEvent, service_fn};
use tracing::{error, info};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let begun = Instant::now();
    let variable = |name: &str| std::env::var(name).ok();
    logging::start(&variable("LOG_LEVEL").unwrap_or_default());
    let config = match Config::read(variable) {
        Ok(config) => config,
        Err(problems) => {
            for problem in &problems {
                error!(%problem, "wrong configuration");
            }
            error!(problems = problems.len(), "the function cannot start");
            return ExitCode::FAILURE;
        }
    };
    // One invocation at a time, and waiting for AWS is most of it: one thread.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let served = match runtime {
        Ok(runtime) => runtime.block_on(serve(config, begun)),
        Err(error) => Err(error.into()),
    };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error!(%error, "the function cannot go on");
            ExitCode::FAILURE
        }
    }
}

async fn serve(config: Config, begun: Instant) -> Result<(), lambda_runtime::Error> {
    let service = match Service::start(config).await {
        Ok(service) => service,
        Err(broken) => {
            broken.log("the function cannot start");
            return Err("the rules are broken".into());
        }
    };
    let service = &service;
    let handler = service_fn(move |event: LambdaEvent<Payload>| service.handle(event));
    let took_us = begun.elapsed().as_micros();
    info!(took_us, "ready for the first event");
    lambda_runtime::run(handler).await
}
