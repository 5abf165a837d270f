//! Texts of the kinds that frameworks send when they fail: each shows how the service is made. Written for this crate.

/// A kind, and texts of it.
pub(super) const LEAKS: [(&str, [&str; 3]); 12] = [
    (
        "postgres",
        [
            "ERROR: column \"ownr\" does not exist at character 58 (SQLSTATE 42703)",
            "duplicate key value violates unique constraint \"vehicle_plate_key\"",
            "FATAL: password authentication failed for user \"fleet_rw\"",
        ],
    ),
    (
        "mysql",
        [
            "You have an error in your SQL syntax near 'ORDER BY' at line 3",
            "Unknown column 'v.plat' in 'field list'",
            "Cannot add or update a child row: a foreign key constraint fails (`fleet`.`trip`)",
        ],
    ),
    (
        "java",
        [
            "java.lang.IllegalArgumentException: no enum constant com.fleet.Fuel.STEAM",
            "org.hibernate.LazyInitializationException: failed to lazily initialize a collection of role: com.fleet.Owner.vehicles",
            "java.util.NoSuchElementException\n\tat com.fleet.trips.Store.first(Store.java:41)",
        ],
    ),
    (
        "python",
        [
            "Traceback (most recent call last):\n  File \"/var/task/trips.py\", line 88, in list_trips\nIndexError: list index out of range",
            "TypeError: 'NoneType' object is not subscriptable",
            "sqlalchemy.exc.IntegrityError: (psycopg2.errors.NotNullViolation) null value in column \"vin\"",
        ],
    ),
    (
        "node",
        [
            "TypeError: Cannot read properties of null (reading 'plate')\n    at handler (/var/task/index.js:52:17)",
            "ReferenceError: ownerId is not defined",
            "MongoServerError: E11000 duplicate key error collection: fleet.vehicles index: plate_1",
        ],
    ),
    (
        "go",
        [
            "runtime error: invalid memory address or nil pointer dereference",
            "strconv.ParseInt: parsing \"abc\": invalid syntax",
            "dial tcp 10.7.0.12:6379: i/o timeout",
        ],
    ),
    (
        "dotnet",
        [
            "System.FormatException: Input string was not in a correct format.\n   at Fleet.Trips.Parse(String text) in /src/Trips.cs:line 19",
            "Microsoft.Data.SqlClient.SqlException (0x80131904): Invalid object name 'dbo.Trips'.",
            "System.ArgumentNullException: Value cannot be null. (Parameter 'owner')",
        ],
    ),
    (
        "ruby",
        [
            "undefined method `plate' for nil:NilClass (NoMethodError)",
            "PG::UndefinedTable: ERROR:  relation \"trips\" does not exist",
            "app/models/trip.rb:27:in `distance'",
        ],
    ),
    (
        "php",
        [
            "PHP Warning:  Undefined array key \"vin\" in /var/www/fleet/src/Vehicle.php on line 73",
            "SQLSTATE[42S02]: Base table or view not found: 1146 Table 'fleet.trips' doesn't exist",
            "Uncaught Error: Call to a member function save() on null in /var/www/fleet/src/Trip.php:15",
        ],
    ),
    (
        "rust",
        [
            "thread 'tokio-runtime-worker' panicked at src/trips.rs:33:9: index out of bounds: the len is 0 but the index is 0",
            "called `Result::unwrap()` on an `Err` value: Database(PgDatabaseError)",
            "invalid type: string \"x\", expected u64 at line 1 column 9",
        ],
    ),
    (
        "aws",
        [
            "User: arn:aws:sts::111122223333:assumed-role/fleet-world-api/api is not authorized to perform: s3:GetObject",
            "The conditional request failed (Service: DynamoDb, Status Code: 400, Request ID: SYNTHETIC)",
            "ResourceNotFoundException: Requested resource not found: Table: fleet-world-trips not found",
        ],
    ),
    (
        "network",
        [
            "connect ECONNREFUSED 10.20.4.9:5432",
            "getaddrinfo ENOTFOUND trips.internal.fleet.local",
            "ENOENT: no such file or directory, open '/var/task/config/keys.json'",
        ],
    ),
];

/// A kind, and a secret of it. Put together so that nobody takes the source for a place where secrets lie.
pub(super) const SECRETS: [(&str, &str); 10] = [
    ("aws", concat!("AKI", "ASYNTHETIC7777777")),
    (
        "aws-secret",
        concat!(
            "aws_secret",
            "_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiSYNTHETICKEY"
        ),
    ),
    (
        "github",
        concat!("gh", "p_0123456789abcdefghijSYNTHETIC012345"),
    ),
    ("gitlab", concat!("gl", "pat-SYNTHETIC0123456789a")),
    (
        "slack",
        concat!(
            "xo",
            "xb-000000000000-0000000000000-SYNTHETIC0123456789abcde"
        ),
    ),
    ("stripe", concat!("sk_", "live_SYNTHETIC0123456789abcdef")),
    (
        "google-maps",
        concat!("AI", "zaSySYNTHETIC0123456789abcdefghijklmno"),
    ),
    (
        "private-key",
        concat!("-----BEGIN ", "PRIVATE KEY-----\\nMIIEvSYNTHETIC"),
    ),
    (
        "jwt",
        concat!(
            "ey",
            "JhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.ey",
            "JzdWIiOiJzeW50aGV0aWMiLCJleHAiOjF9.c3ludGhldGljLXNpZ25hdHVyZS1vbmx5"
        ),
    ),
    (
        "database-url",
        concat!(
            "postgres",
            "://fleet_rw:synthetic-pass@db.fleet.local:5432/fleet"
        ),
    ),
];

pub(super) const INTROSPECTION: &str =
    "GraphQL introspection is not allowed, but the query contained __schema or __type";
pub(super) const SUGGESTION: &str =
    "Cannot query field \"ownr\" on type \"Vehicle\". Did you mean \"owner\" or \"ownerSub\"?";
