//! What happens goes in, the entries that logs write of it come out.

pub mod caller; // who calls, from where, with what
pub mod scribe; // lines with their times, of all logs
pub mod texts; // what services and people's programs say
mod cognito; // the user-activity export
mod trail; // CloudTrail
mod sign_in; // a sign-in as both of them have it
mod application; // the application's own lines
mod gateway; // API Gateway and WAF
mod model; // a model's invocations, and what changes it

pub use application::{Access, Register};
pub use caller::{Agent, Caller, Place, Pool};
pub use cognito::Risk;
pub use model::{Principal, Said};
pub use scribe::{Line, Log, Scribe, text};
pub use sign_in::Ends;
pub use trail::Call;
