//! Who calls, from where, with what.

/// A user pool and its usual client.
#[derive(Debug, PartialEq, Eq)]
pub struct Pool {
    pub id: &'static str,
    pub clients: [&'static str; 3],
}

/// Customers: they sign in with their mail address, so Cognito makes up their user names.
pub static CUSTOMERS: Pool = Pool {
    id: "eu-west-1_CUSTOMERS",
    clients: [
        "4webcustomersclient00000001",
        "4appcustomersclient00000002",
        "4oldcustomersclient00000003",
    ],
};

/// Partners and their drivers: they chose their user names.
pub static PARTNERS: Pool = Pool {
    id: "eu-west-1_PARTNERS0",
    clients: [
        "5webpartnersclient000000001",
        "5apppartnersclient000000002",
        "5apipartnersclient000000003",
    ],
};

/// A program that speaks for somebody.
#[derive(Debug, PartialEq, Eq)]
pub struct Agent {
    pub text: &'static str,
    /// As Cognito names it.
    pub device: &'static str,
}

pub static BROWSERS: [Agent; 5] = [
    Agent {
        text: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36",
        device: "Chrome 137, Windows 10",
    },
    Agent {
        text: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
        device: "Mobile Safari 18, iOS 18",
    },
    Agent {
        text: "FleetApp/7.4.1 (Android 15; SM-S921B) okhttp/4.12.0",
        device: "Other, Android 15",
    },
    Agent {
        text: "Mozilla/5.0 (X11; Linux x86_64; rv:139.0) Gecko/20100101 Firefox/139.0",
        device: "Firefox 139, Linux",
    },
    Agent {
        text: "FleetApp/7.4.1 (iOS 18.5; iPhone15,4) CFNetwork/3826.500.131 Darwin/24.5.0",
        device: "Other, iOS 18",
    },
];

pub static TABLET: Agent = Agent {
    text: "FleetDepot/3.2 (Android 13; SM-T575) okhttp/4.11.0",
    device: "Other, Android 13",
};
pub static SCRIPT: Agent = Agent {
    text: "python-requests/2.32.4",
    device: "Other, Other",
};
pub static WALLBOARD: Agent = Agent {
    text: "FleetWall/1.9 (Chromium kiosk)",
    device: "Chrome 128, Linux",
};
pub static CRAWLER: Agent = Agent {
    text: "Mozilla/5.0 (compatible; SearchBot/2.1; +https://search.example/bot)",
    device: "Other, Other",
};
pub static CHECKER: Agent = Agent {
    text: "Amazon-Route53-Health-Check-Service (ref synthetic)",
    device: "Other, Other",
};
pub static LOAD_TEST: Agent = Agent {
    text: "fleet-load-test/w-7731",
    device: "Other, Other",
};
pub static BACK_END: Agent = Agent {
    text: "aws-sdk-js/3.820.0 os/linux lang/js md/nodejs#22",
    device: "Other, Other",
};

/// Where an address is, as Cognito says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub address: String,
    pub country: &'static str,
    pub city: &'static str,
}

impl Place {
    pub fn new(address: String, (country, city): (&'static str, &'static str)) -> Self {
        Self {
            address,
            country,
            city,
        }
    }
}

/// Somebody, or nobody known, who calls.
#[derive(Debug, Clone)]
pub struct Caller {
    /// `None` where there is no such user, or nobody signed in.
    pub sub: Option<String>,
    /// The user name in the pool, or as typed where nobody has it.
    pub name: String,
    pub pool: &'static Pool,
    pub client: &'static str,
    pub place: Place,
    pub agent: &'static Agent,
}

impl Caller {
    /// Nobody who is known, at that place.
    pub fn nobody(place: Place, agent: &'static Agent) -> Self {
        Self {
            sub: None,
            name: String::new(),
            pool: &CUSTOMERS,
            client: CUSTOMERS.clients[0],
            place,
            agent,
        }
    }

    #[must_use]
    pub fn at(&self, place: Place) -> Self {
        Self {
            place,
            ..self.clone()
        }
    }

    #[must_use]
    pub fn with(&self, agent: &'static Agent) -> Self {
        Self {
            agent,
            ..self.clone()
        }
    }

    pub(crate) fn sub_text(&self) -> &str {
        self.sub.as_deref().unwrap_or("-")
    }
}
