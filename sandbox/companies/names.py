"""Words from which people and companies are invented, and the unusual texts that vendors' records may
hold."""

FIRST = """Aaron Abigail Adam Aisha Alan Alejandra Alice Amir Andre Angela Anita Anton Arjun Audrey Beatriz Benjamin Bianca Brandon
Brenda Brian Bridget Bruno Camila Carl Carmen Caroline Cecilia Charles Chloe Clara Colin Craig Cynthia Daniel Daria Darren David
Deborah Dennis Derek Diana Diego Dmitri Donna Douglas Edith Eduardo Elaine Elena Eli Elise Emil Emma Eric Esther Ethan Eva Fatima
Felix Fiona Frank Gabriel Gail George Gloria Grace Gregory Hannah Harold Heidi Helen Henry Hugo Ian Ines Irene Isaac Ivan Jackson
Jamal Janet Jasmine Jerome Joan Joel Jonas Joyce Julia Kamal Karen Keith Kenji Kimberly Kurt Lamar Laura Leah Leon Lila Lorenzo Lucia
Malik Marcus Maria Martin Mei Miguel Mina Monica Nadia Nathan Nina Nolan Olga Omar Oscar Paula Pedro Philip Quinn Rachel Rafael Rania
Raymond Rebecca Rene Rhea Robert Rosa Ruth Samir Sandra Sean Selma Simon Sofia Stella Steven Talia Tariq Teresa Theo Tina Uma Valerie
Vera Vincent Walter Wendy Xavier Yara Yusuf Zoe""".split()  # noqa: SIM905 - a list of words reads better as text

LAST = """Abbott Acosta Aguilar Ahmed Albrecht Allison Andrade Arnold Baker Banks Barrera Bauer Beck Bell Bishop Blake Boone Bowen
Brady Brennan Briggs Burke Byrne Calder Campos Cannon Carver Castillo Chan Chavez Cole Conway Cortez Crane Cruz Dalton Davila Dawson
Decker Delgado Dixon Dorsey Doyle Duarte Dunn Eaton Ellis Engel Erickson Escobar Farrell Fields Fischer Fleming Flores Foster Franco
Frost Fuentes Gallagher Garner Gibbs Gill Goodwin Grady Graves Griffin Gupta Hale Hansen Harmon Hayes Hendricks Hess Hobbs Holt Horne
Hubbard Ibarra Ingram Jansen Jarvis Jimenez Joshi Kane Keller Kemp Khan Kline Knox Koch Krause Lam Lane Larsen Leal Lowe Lucas Lynch
Mack Maldonado Marsh Mata McBride Mehta Mercado Meyer Molina Monroe Moran Moss Mueller Nash Navarro Neal Novak Ochoa Odell Olsen Ortega
Osborne Pace Padilla Page Park Pena Petrov Pham Pierce Pratt Quintero Ramsey Rao Reid Rhodes Rivas Rojas Roth Rowe Salas Sandoval Sato
Schultz Sharp Shaw Silva Singh Snow Solis Stark Stein Sutton Tanaka Tate Thorne Tran Trevino Vance Vargas Vaughn Vega Villa Wagner Walsh
Ward Watts Weber Weiss Wilcox Wolf Wong Wyatt Yang Yates York Zamora Ziegler""".split()  # noqa: SIM905 - a list of words reads better as text

COMPANY_FIRST = """Alder Amber Anchor Apex Arbor Aspen Atlas Badger Beacon Birch Blue Boulder Bridge Bright Canyon Capital Cascade
Central Cinder Citadel Clear Cobalt Copper Coral Crest Crown Delta Dover Eagle Elm Ember Evergreen Fairway Falcon Fox Frontier Garnet
Golden Granite Great Grove Harbor Haven Hawk Heritage High Hollow Horizon Iron Ivory Juniper Keystone Lake Laurel Liberty Lincoln Lone
Maple Meadow Mesa Metro Mill Moss North Oak Onyx Orchard Osprey Park Peak Pine Pioneer Prairie Quarry Quartz Raven Red Ridge River Rock
Rose Sage Saint Salt Sequoia Shore Silver South Spring Spruce Star Sterling Stone Summit Sun Tall Timber Trail Tri Twin Union Valley
Verde Vista Walnut West White Wild Willow Wind Winter Wolf""".split()  # noqa: SIM905 - a list of words reads better as text

COMPANY_SECOND = """Accounting Advisors Animal Architects Automotive Bakery Brewing Builders Cabinets Capital Cardiology Care Ceramics
Chemical Clinic Coatings Cold-Storage Construction Consulting Controls Credit Dairy Dental Design Distribution Dynamics Electric
Engineering Equipment Eyecare Fabrication Farms Finance Foods Freight Furniture Gardens Glass Health Heating Homes Hospitality
Imaging Insurance Interiors Irrigation Labs Landscaping Law Legal Logistics Lumber Machining Manufacturing Marine Materials Medical
Metals Millwork Mortgage Optics Orthopedics Outfitters Packaging Paper Partners Paving Pediatrics Pharmacy Physicians Plastics Plumbing
Printing Produce Properties Realty Recycling Refrigeration Roofing Schools Seeds Solar Staffing Steel Supply Surveying Systems Textiles
Therapy Tile Title Tooling Transport Trucking Veterinary Water Welding Wellness Woodworks""".split()  # noqa: SIM905 - a list of words reads better as text

COMPANY_LAST = ("Inc", "LLC", "Group", "Co", "& Sons", "of Dane County", "Services", "Holdings")

COMPANY_LAST_UK = ("Ltd", "plc", "LLP", "Group", "& Sons", "of Leeds", "Services", "Holdings")

INDUSTRIES = (
    "ACCOUNTING",
    "CONSTRUCTION",
    "HOSPITAL_HEALTH_CARE",
    "LEGAL_SERVICES",
    "MACHINERY",
    "RETAIL",
    "REAL_ESTATE",
    "TRANSPORTATION_TRUCKING_RAILROAD",
    "FINANCIAL_SERVICES",
    "FOOD_PRODUCTION",
    "NON_PROFIT_ORGANIZATION_MANAGEMENT",
    "EDUCATION_MANAGEMENT",
)

CITIES = (
    ("Chicago", "IL"),
    ("Naperville", "IL"),
    ("Madison", "WI"),
    ("Rockford", "IL"),
    ("Peoria", "IL"),
    ("Milwaukee", "WI"),
    ("Gary", "IN"),
)

CITIES_UK = (
    "London",
    "Manchester",
    "Leeds",
    "Bristol",
    "Glasgow",
    "Cardiff",
    "Newcastle",
    "Belfast",
    "Norwich",
    "Sheffield",
)

DECISION_TITLES = (
    "Owner",
    "President",
    "CEO",
    "CFO",
    "Office Manager",
    "Operations Director",
    "Managing Partner",
    "General Manager",
)
OTHER_TITLES = (
    "Receptionist",
    "Accountant",
    "IT Coordinator",
    "Buyer",
    "Project Manager",
    "Paralegal",
    "Nurse Manager",
    "Dispatcher",
    "Engineer",
)

CALL_TITLES = (
    "Intro call",
    "Follow-up on quote",
    "Check-in",
    "Call about backup review",
    "Security assessment offer",
    "Voicemail follow-up",
    "Re: newsletter",
)
TASK_SUBJECTS = (
    "Send proposal",
    "Call back",
    "Prepare assessment",
    "Update contact data",
    "Book site visit",
    "Ask for referral",
)
EMAIL_SUBJECTS = (
    "Your IT assessment",
    "Quick question",
    "Next steps",
    "Cyber insurance checklist",
    "Thanks for your time",
    "Re: pricing",
)
NOTES = (
    "<p>Spoke with front desk, asked to call back after lunch.</p>",
    "<p>Contract with current provider ends in spring.</p>",
    "<p>Wants pricing for 25 seats &amp; backup.</p>",
    "<p>Left brochure. <b>Warm</b>.</p>",
)
LOST_REASONS = ("Price", "Stayed with current provider", "No decision", "Timing", None)

TICKET_TITLES = (
    "Printer offline",
    "Password reset",
    "Outlook will not open",
    "VPN drops",
    "New laptop setup",
    "Slow workstation",
    "Cannot reach file share",
    "Email bounced",
    "Teams audio",
    "MFA prompt loop",
    "Disk almost full",
    "Backup alert",
    "Monitor flickers",
    "Shared mailbox access",
    "Phishing report",
    "Scanner to email",
    "Wi-Fi weak in warehouse",
    "Application crash",
    "User onboarding",
    "User offboarding",
)
WORK_NOTES = (
    "Done",
    "Remote session, issue resolved",
    "Waiting for user to confirm",
    "Updated drivers and rebooted",
    "Escalated to vendor",
    "Documented the fix",
)

UNUSUAL_NAMES = ("Zoë", "José María", "Siobhán", "D'Arcy", "Søren", "Jun'ichi", "Małgorzata")
UNUSUAL_FIRMS = (
    "O'Malley & Sons",
    "Café Zürich",
    "Smith, Jones & Co.",
    "Ångström Labs",
    'The "Corner" Clinic',
    "Łódź Imports",
    "東京 Trading",
)
UNUSUAL_TEXTS = (
    'Quote for the 19" rack & two "quiet" fans',
    "Follow-up: Büro Köln, Drucker & WLAN",
    "Renewal 2025/26 (50% deposit)",
    "Café Wi-Fi <2 Mbit/s at noon",
    "Passwords: don't reuse, do rotate \U0001f510",
    "Équipe Montréal: nouvelle téléphonie",
    "東京 office: VPN & printers",
)
"""Quotes, ampersands, accents, other scripts, an emoji: what real systems hold. Hostile texts are in the
tests, which put them on the wire with the fault `field_type`."""
