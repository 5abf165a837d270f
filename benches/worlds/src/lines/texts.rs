//! What services say to clients in words of their own: nothing of it shows how they are made.

/// Answers of 400 and above, as text and class of the error.
pub const ORDINARY: [(u16, &str, Option<&str>); 12] = [
    (400, "vin must have 17 characters", Some("ValidationError")),
    (400, "field plate is required", Some("ValidationError")),
    (400, "from must be before to", Some("ValidationError")),
    (400, "unknown parameter colour", Some("ValidationError")),
    (404, "vehicle not found", Some("NotFoundError")),
    (404, "no trip on that day", Some("NotFoundError")),
    (
        409,
        "this plate is registered already",
        Some("ConflictError"),
    ),
    (403, "you may not see this vehicle", Some("ForbiddenError")),
    (
        429,
        "too many requests, try again in 30 seconds",
        Some("ThrottledError"),
    ),
    (
        413,
        "the file is too large, 5 MB at most",
        Some("ValidationError"),
    ),
    (
        422,
        "the table could not be read: line 7 has no vin",
        Some("ValidationError"),
    ),
    (401, "please sign in again", Some("UnauthorizedError")),
];

/// Of one developer who tries an interface: words that leaks have, too.
pub const DEVELOPERS: [&str; 6] = [
    "line 12 column 4: expected a number",
    "select at least one vehicle",
    "host is not a valid field of a trip",
    "the token parameter is missing",
    "path must begin with a slash",
    "the stack of filters is too deep, 5 at most",
];

pub const BROKEN: (&str, Option<&str>) = (
    "something went wrong, we are looking into it",
    Some("InternalError"),
);
pub const UPSTREAM: (&str, Option<&str>) =
    ("the map service does not answer", Some("UpstreamError"));

pub const ROUTES: [(&str, &str); 8] = [
    ("GET", "/vehicles"),
    ("GET", "/vehicles/{id}"),
    ("GET", "/vehicles/{id}/trips"),
    ("PUT", "/vehicles/{id}"),
    ("GET", "/routes"),
    ("GET", "/export"),
    ("POST", "/vehicles"),
    ("GET", "/account"),
];
/// The one that asks the map service.
pub const MAPPED: &str = "/routes";
