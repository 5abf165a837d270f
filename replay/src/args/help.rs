//! Texts of `--help`: examples, what is behind an option, exit statuses.

/// Exit statuses, told by every `--help`.
pub(super) const EXIT_STATUS: &str = "\
Exit status:
  0  done, with episodes or without
  1  an expectation failed (`replay test`), or a threat is red (`replay threats`)
  2  wrong usage, a broken rule file, or results that could not be written
  3  something could not be read: a path that does not exist or cannot be opened,
     a folder without a log file, damaged or endless gzip data, a record; or
     nothing at all is of a form that is known. What can be read is read all the
     same, and its results are printed";

pub(super) const INPUT_HELP: &str = "\
Inputs:
  A file is read whatever its name. In a folder, at any depth, all files are
  read in the order of their paths, but for hidden ones and those that end as
  documents and programs do (.md, .yaml, .py and the like), of which you are
  told. Gzip, zstd, bzip2 and UTF-16 are known by their first bytes. Positions
  are given as path:line (byte offset), as they are once inflated.";

pub(super) const RUN_EXAMPLES: &str = "\
Examples:
  # A folder, with the rules of rules/
  replay run recordings/

  # Two sets of rules, one recording
  replay run --rules rules/ --rules drafts/cross_owner.yml trail.json.gz

  # Standard input: events, or what AWS prints
  aws logs filter-log-events --log-group-name /aws/lambda/fleet | replay run -

  # One alert a line, for programs
  replay run --format json logs/ | jq -r .alert_id

  # A saved stream as production would see it, late events left out; into a file
  replay run --as-arrived --output report.txt kinesis-events.json";

pub(super) const ALERTS_EXAMPLES: &str = "\
Examples:
  replay alerts fixtures/credential_stuffing/attack
  replay alerts --as sms trail.json.gz
  replay alerts --as ocsf --incident 1b0f6d6e-6c0e-8c4e-9d53-2f0f6d1b7a10 logs/
  replay alerts --personal user=mask,address=hash logs/";

pub(super) const MATCH_EXAMPLES: &str = "\
Examples:
  # Every event that a detection rule matched
  replay match --rules rules/ trail.json.gz

  # Hits by rule
  replay match logs/ | jq -r .rule_id | sort | uniq -c";

pub(super) const TEST_EXAMPLES: &str = "\
Examples:
  # Every recording under fixtures/ that has an expected.yaml
  replay test

  # One detector, for a build server
  replay test --format junit --output report.xml fixtures/error_leak

  # What a changed threshold would do
  replay test --rules drafts/ fixtures/ || echo not yet";

pub(super) const COST_EXAMPLES: &str = "\
Examples:
  # 100, 1,000, 10,000 and 100,000 events a second, with the mix of a whole day
  replay cost fixtures/ordinary_traffic/quiet_day

  # How many shards the rules bear
  replay cost --rate 1000 --shards 4 --shards 8 --shards 16 my-day/

  # A sweep after a botnet of 120,000 addresses
  replay cost --rate 1000 --due 120000 my-day/";

pub(super) const INIT_EXAMPLES: &str = "\
Examples:
  # What a week of logs says of the service
  replay init last-week/

  # Compared with what the rules have, and put in its place
  replay init --output proposed.yaml last-week/
  diff rules/vedette.yaml proposed.yaml
  mv proposed.yaml rules/vedette.yaml && replay check rules/";

pub(super) const THREATS_EXAMPLES: &str = "\
Examples:
  # What is proven by the recordings
  replay threats

  # A gate before a merge, with what mitigations did last night
  replay threats --logs last-night/

  # For a pull request or a wiki
  replay threats --format markdown --output threats.md

  # Red in Threat Dragon where nothing is proven; a layer for the ATT&CK Navigator
  replay threats --format threat-dragon --output model.json
  replay threats --format navigator --output layer.json

Exit status:
  0  nothing is red
  1  a threat is unproven or undetected, the review is overdue, or with --logs a
     baseline mitigation leaks or is not seen
  2  wrong usage, or a broken list, model, rule or expectation
  3  a recording or log could not be read";

pub(super) const CHECK_EXAMPLES: &str = "\
Examples:
  # Every .yml and .yaml file, at any depth
  replay check rules/

  # A gate before a commit: a warning fails, too
  replay check --strict rules/ && git commit

  # What an editor holds, and what a forge shows beside the lines
  replay check - < draft.yml
  replay check --format sarif rules/ > check.sarif

  # Before a deployment: whose state goes on, and who starts anew
  replay check --against in-service/ rules/

Exit status:
  0  no error; warnings are printed all the same
  2  wrong usage, or at least one error; with --strict, or at least one warning";

pub(super) const SEND_EXAMPLES: &str = "\
Examples:
  # A rehearsal: a recorded attack, as if it ended this moment
  replay send --now --stream audit fixtures/error_leak/attack_chosen_request_id

  # Of a recording that is longer than the service's lateness (15 minutes), what
  # leads up to an alert: its `opened_at`, as `replay run` tells it
  replay send --now --until 2026-07-09T16:02:30Z --stream audit \\
      fixtures/error_leak/attack_provocation

  # All of it, in its own time
  replay send --now --speed 1 --stream audit recordings/

  # Into a local stand-in of AWS
  replay send --stream audit --endpoint-url http://127.0.0.1:5000 trail.json.gz";

pub(super) const SEND_HELP: &str = "\
Records:
  A line of NDJSON or text, or a whole document, is a record. Payloads of
  CloudWatch Logs subscriptions travel as gzip. Of a saved Kinesis event the
  data of each of its records is sent. Bare CloudTrail events travel in lists,
  {\"Records\":[…]}. What is more than 1 MiB is gzipped, then divided if it is a
  payload, or else not sent, and named with file and line. Partition keys are
  random. Requests have at most 500 records and 5 MiB; records that the stream
  does not take are sent again after a wait, only those.

Times:
  --now and --shift move every value that is a moment of the recording, however
  it is nested (gzip, base64, JSON in strings): RFC 3339 and Common Log Format,
  seconds or milliseconds since 1970 as a number or as text, from an hour before
  the first event to an hour after the last. Form and precision stay, and so
  does everything else, moments in running text included.

Region and credentials are found as the AWS CLI finds them (AWS_PROFILE,
AWS_REGION, SSO, …); the permission kinesis:PutRecords is needed.

Exit status:
  0  all was sent
  2  wrong usage, the stream refused, or Ctrl-C; how far it came is said
  3  an input could not be read, or a record is too large for the stream; the
     others were sent";

pub(super) const CAPTURE_EXAMPLES: &str = "\
Examples:
  # The last two hours of a log group, without people in it
  replay capture --log-group /aws/lambda/fleet --since 2h --pseudonymise -o fleet.ndjson
  replay run fleet.ndjson

  # A day, only what has the word, with the same stand-ins each time
  openssl rand -out stand-ins.key 32
  replay capture --log-group fleet-access --since 2026-05-21T00:00:00Z \\
      --until 2026-05-22T00:00:00Z --filter '\"502\"' \\
      --pseudonymise --key stand-ins.key -o access.ndjson

  # A file that one has already; nothing goes to AWS
  replay capture --from trail.json.gz --pseudonymise -o shared.ndjson

  # What of a file still looks like a person or a secret
  replay capture --check shared.ndjson && echo go";

pub(super) const CAPTURE_HELP: &str = "\
Interruptions:
  Until all is there, FILE.part has the lines and FILE.part.json says how far
  they go. The same command goes on after the last whole page. (With
  --pseudonymise only if --key is given; a random key is kept nowhere.)
  A pipe or a device is written into at once, and an interrupted capture begins
  anew.

What --pseudonymise exchanges:
  JSON is read by its keys and by the forms of its values. All else is prose:
  text, damaged or cut-off JSON, pairs (key=value, key: value), XML, tables. There
  keys and forms are looked for at any depth of quotes and escapes (\\u0040, %40,
  &#64;). Base64, hexadecimal digits, gzip and zstd are opened and packed again;
  what does not open is removed.
  By form: IP addresses (those of one /24, /48 or /64 stay together; private
  ranges stay such; others go to 240.0.0.0/4 and 3fff::/20), e-mail addresses
  (the domain too, but for those of mail addresses for minutes), UUIDs, account
  ids, phone numbers, vehicle numbers, network cards, AWS identifiers, users and
  sessions in ARNs, URLs and sentences of servers, folders named after a user.
  By key, in any spelling: user, name, login, owner, email, phone, given_name,
  sub, birthdate, street, city, lat, vin, plate, device, serial and the like,
  also {\"key\":\"owner\",\"value\":\"Ada\"}. Names that stood under such a key are
  exchanged in the text of the same page (with --from: of the file), too.
  Removed: all that stands under a key of a secret (password, token, cookie,
  authorization, api_key, session, otp, …), objects and lists included; keys in
  PEM, JWTs, tokens of code hosts, chats, payment, maps, mail and clouds, cards,
  bank accounts, passwords in URLs, long words that look random.
  Equal values stay equal, quoted or not, in text as under keys. At the end it
  says how many of each kind there were, and what stayed. Names of people in
  running text that no key tells stay: look at the file before you give it away.

What --from and --check read:
  What `replay run` reads, packed or not, standard input as `-`. --from writes
  the records in their order, a line each, not packed; rows of tables of log
  entries become objects. A file is read twice, so that names are known before
  the line that tells them; standard input once. --check prints path:line, what
  it is, under which keys, and the value, of secrets the beginning. Private
  addresses are not listed: they lead to nobody outside.

Region and credentials are found as the AWS CLI finds them (AWS_PROFILE,
AWS_REGION, SSO, …); the permission logs:FilterLogEvents is needed.

Exit status:
  0  all was captured; --check found nothing
  1  --check found something
  2  wrong usage, the service refused, or Ctrl-C; how far it came is said
  3  an input of --from or --check could not be read to its end";
