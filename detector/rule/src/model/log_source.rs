//! Which events a rule sees: Sigma's `logsource` to Vedette's sources.

use detector_event::event::LogSource;

use crate::yaml::near_name::{near_name, suggestion};
use crate::yaml::problem::Reporter;
use crate::yaml::yaml_tree::{Node, shortened};

const KEYS: [&str; 4] = ["product", "service", "category", "definition"];
const PRODUCT: &str = "aws";

/// Logs of AWS that Vedette does not read, by the names that rules give them. Rules for them are no mistake.
const UNREAD_SERVICES: [&str; 22] = [
    "alb",
    "cloudwatch",
    "config",
    "eks",
    "elb",
    "guardduty",
    "inspector",
    "macie",
    "network-firewall",
    "networkfirewall",
    "nlb",
    "rds",
    "redshift",
    "route53",
    "s3",
    "s3access",
    "securityhub",
    "ses",
    "vpc",
    "vpcflow",
    "vpc-flow",
    "vpcflowlogs",
];

/// A `logsource` as written, in lowercase; `aws` is the product where none is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourceScope {
    product: String,
    service: Option<String>,
    category: Option<String>,
}

impl SourceScope {
    /// Reads the `logsource` of a document. `None`: it has none, or a broken one that is reported.
    pub(crate) fn read(document: &Node, out: &mut Reporter<'_>) -> Option<Self> {
        let (key, node) = document.entry("logsource")?;
        let Some(entries) = node.map() else {
            out.error(
                key.line,
                format!("`logsource` must be a mapping, not {}", node.shown()),
            );
            return None;
        };
        for (key, value) in entries {
            let name = key.text().unwrap_or_default();
            if !KEYS.contains(&name) {
                // A misspelt `service` would silently widen the rule to every source.
                match near_name(name, KEYS) {
                    Some(near) => out.error(
                        key.line,
                        format!("unknown logsource key `{name}`, did you mean `{near}`?"),
                    ),
                    None => out.warning(
                        key.line,
                        format!("logsource key `{name}` is not known and has no effect"),
                    ),
                }
            } else if value.text().is_none() {
                out.error(
                    key.line,
                    format!("logsource `{name}` must be text, not {}", value.shown()),
                );
            }
        }
        let field = |name: &str| node.get(name).and_then(Node::text).map(str::to_lowercase);
        Some(Self {
            product: field("product").unwrap_or_else(|| PRODUCT.to_owned()),
            service: field("service"),
            category: field("category"),
        })
    }

    /// The sources it names. Where there are none, that is said: an error where no log has such a name.
    pub(crate) fn sources(&self, document: &Node, out: &mut Reporter<'_>) -> Vec<LogSource> {
        let services = LogSource::ALL.map(LogSource::service);
        let line = |key: &str| document.line_of(&format!("/logsource/{key}"));
        let unread = "the rule sees no log source Vedette reads";
        if self.product != PRODUCT {
            out.warning(
                line("product"),
                format!(
                    "{unread}: product {} is not `{PRODUCT}`",
                    shortened(&self.product)
                ),
            );
            return Vec::new();
        }
        if let Some(category) = &self.category {
            out.warning(
                line("category"),
                format!(
                    "{unread}: category {} is none of its own, services are {}",
                    shortened(category),
                    services.join(", ")
                ),
            );
            return Vec::new();
        }
        let Some(service) = &self.service else {
            return LogSource::ALL.to_vec();
        };
        let found: Vec<_> = LogSource::ALL
            .into_iter()
            .filter(|s| s.service() == service)
            .collect();
        if found.is_empty() {
            let hint = suggestion(service, services);
            let message = format!(
                "{unread}: service {} is not one of {}{hint}",
                shortened(service),
                services.join(", ")
            );
            match UNREAD_SERVICES.contains(&service.as_str()) {
                true => out.warning(line("service"), message),
                false => out.error(line("service"), message),
            }
        }
        found
    }

    /// Whether a filter of this scope may be applied to a rule of that one: all that it names, the rule names too.
    pub(crate) fn covers(&self, rule: &SourceScope) -> bool {
        self.product == rule.product
            && (self.service.is_none() || self.service == rule.service)
            && (self.category.is_none() || self.category == rule.category)
    }
}
