/** Listed instruments: the Nifty 50 of late 2026 and Wipro with NSE tokens, indices, and the underlyings of derivatives. */

export interface Share {
  readonly ticker: string;
  readonly name: string;
  readonly isin: string;
  readonly nseToken: number;
  /** Present if the share is also listed on BSE here. */
  readonly bseCode?: number;
  /** Rupees; the price stays around this level. */
  readonly base: number;
  readonly volatility: number;
}

type Row = readonly [ticker: string, token: number, isin: string, base: number, volatility: number, name: string];

const ROWS: readonly Row[] = [
  ["ADANIENT", 25, "INE423A01024", 2480, 1.2, "Adani Enterprises"],
  ["ADANIPORTS", 15083, "INE742F01042", 1490, 1.1, "Adani Ports and SEZ"],
  ["APOLLOHOSP", 157, "INE437A01024", 7460, 0.9, "Apollo Hospitals"],
  ["ASIANPAINT", 236, "INE021A01026", 2870, 0.9, "Asian Paints"],
  ["AXISBANK", 5900, "INE238A01034", 1265, 1, "Axis Bank"],
  ["BAJAJ-AUTO", 16669, "INE917I01010", 9150, 1, "Bajaj Auto"],
  ["BAJAJFINSV", 16675, "INE918I01026", 2090, 1, "Bajaj Finserv"],
  ["BAJFINANCE", 317, "INE296A01032", 1035, 1.1, "Bajaj Finance"],
  ["BEL", 383, "INE263A01024", 412, 1.2, "Bharat Electronics"],
  ["BHARTIARTL", 10604, "INE397D01024", 2110, 0.9, "Bharti Airtel"],
  ["BSE", 19585, "INE118H01025", 2950, 1.2, "BSE Ltd"],
  ["CIPLA", 694, "INE059A01026", 1530, 0.8, "Cipla"],
  ["COALINDIA", 20374, "INE522F01014", 386, 1, "Coal India"],
  ["DRREDDY", 881, "INE089A01031", 1255, 0.9, "Dr Reddy's Laboratories"],
  ["EICHERMOT", 910, "INE066A01021", 7020, 1, "Eicher Motors"],
  ["ETERNAL", 5097, "INE758T01015", 305, 1.2, "Eternal"],
  ["GRASIM", 1232, "INE047A01021", 2780, 0.9, "Grasim Industries"],
  ["HCLTECH", 7229, "INE860A01027", 1620, 1, "HCL Technologies"],
  ["HDFCBANK", 1333, "INE040A01034", 1005, 0.8, "HDFC Bank"],
  ["HDFCLIFE", 467, "INE795G01014", 765, 0.9, "HDFC Life Insurance"],
  ["HINDALCO", 1363, "INE038A01020", 815, 1.2, "Hindalco Industries"],
  ["HINDUNILVR", 1394, "INE030A01027", 2430, 0.8, "Hindustan Unilever"],
  ["ICICIBANK", 4963, "INE090A01021", 1385, 0.8, "ICICI Bank"],
  ["INDIGO", 11195, "INE646L01027", 5780, 1.1, "InterGlobe Aviation"],
  ["INFY", 1594, "INE009A01021", 1560, 1, "Infosys"],
  ["ITC", 1660, "INE154A01025", 405, 0.7, "ITC"],
  ["JIOFIN", 18143, "INE758E01017", 306, 1.1, "Jio Financial Services"],
  ["JSWSTEEL", 11723, "INE019A01038", 1170, 1.1, "JSW Steel"],
  ["KOTAKBANK", 1922, "INE237A01036", 428, 0.9, "Kotak Mahindra Bank"],
  ["LT", 11483, "INE018A01030", 4050, 0.9, "Larsen & Toubro"],
  ["M&M", 2031, "INE101A01026", 3690, 1.1, "Mahindra & Mahindra"],
  ["MARUTI", 10999, "INE585B01010", 16150, 0.9, "Maruti Suzuki"],
  ["MAXHEALTH", 22377, "INE027H01010", 1165, 1, "Max Healthcare"],
  ["NESTLEIND", 17963, "INE239A01024", 1265, 0.7, "Nestle India"],
  ["NTPC", 11630, "INE733E01010", 342, 0.9, "NTPC"],
  ["ONGC", 2475, "INE213A01029", 248, 1, "Oil and Natural Gas Corporation"],
  ["POWERGRID", 14977, "INE752E01010", 281, 0.9, "Power Grid Corporation"],
  ["RELIANCE", 2885, "INE002A01018", 1480, 0.9, "Reliance Industries"],
  ["SBILIFE", 21808, "INE123W01016", 1995, 0.9, "SBI Life Insurance"],
  ["SBIN", 3045, "INE062A01020", 1010, 1, "State Bank of India"],
  ["SHRIRAMFIN", 4306, "INE721A01047", 845, 1.2, "Shriram Finance"],
  ["SUNPHARMA", 3351, "INE044A01036", 1770, 0.8, "Sun Pharmaceutical"],
  ["TATACONSUM", 3432, "INE192A01025", 1175, 0.9, "Tata Consumer Products"],
  ["TATASTEEL", 3499, "INE081A01020", 179, 1.2, "Tata Steel"],
  ["TCS", 11536, "INE467B01029", 3210, 0.9, "Tata Consultancy Services"],
  ["TECHM", 13538, "INE669C01036", 1515, 1, "Tech Mahindra"],
  ["TITAN", 3506, "INE280A01028", 3890, 0.9, "Titan Company"],
  ["TMPV", 3456, "INE155A01022", 372, 1.2, "Tata Motors Passenger Vehicles"],
  ["TRENT", 1964, "INE849A01020", 4310, 1.2, "Trent"],
  ["ULTRACEMCO", 11532, "INE481G01011", 11850, 0.9, "UltraTech Cement"],
  ["WIPRO", 3787, "INE075A01022", 252, 1, "Wipro"],
];

const BSE_CODES: Readonly<Record<string, number>> = {
  AXISBANK: 532215,
  BHARTIARTL: 532454,
  HDFCBANK: 500180,
  ICICIBANK: 532174,
  INFY: 500209,
  ITC: 500875,
  LT: 500510,
  "M&M": 500520,
  RELIANCE: 500325,
  SBIN: 500112,
  TATASTEEL: 500470,
  TCS: 532540,
};

export const SHARES: readonly Share[] = ROWS.map(([ticker, nseToken, isin, base, volatility, name]) => {
  const bseCode = BSE_CODES[ticker];
  return { ticker, nseToken, isin, base, volatility, name, ...(bseCode === undefined ? {} : { bseCode }) };
});

/** `moves`: the price process that it follows, so that Sensex moves with Nifty. */
export const INDEX_LEVELS = {
  NIFTY50: { base: 26_050, volatility: 0.6, moves: "NIFTY50" },
  NIFTYBANK: { base: 58_900, volatility: 0.7, moves: "NIFTYBANK" },
  FINNIFTY: { base: 27_600, volatility: 0.7, moves: "NIFTYBANK" },
  SENSEX: { base: 85_100, volatility: 0.58, moves: "NIFTY50" },
  INDIAVIX: { base: 12.4, volatility: 1.5, moves: "INDIAVIX" },
} as const;
export type ListedIndex = keyof typeof INDEX_LEVELS;

export interface Underlying {
  readonly name: string;
  /** The price process of the underlying: an index or a share. */
  readonly walk: string;
  readonly segment: "NFO" | "BFO";
  readonly lotSize: number;
  readonly freezeLots: number;
  /** Weekday of its expiries; 0 is Sunday. */
  readonly expiryDay: number;
  readonly monthlyFutures: number;
  readonly weeklyOptions: number;
  readonly monthlyOptions: number;
  /** Rupees between strikes, and number of strikes on either side of the money. */
  readonly strikeStep: number;
  readonly strikesEachSide: number;
  /** Annual, as a fraction; for the time value of options. */
  readonly impliedVolatility: number;
}

const TUESDAY = 2;
const THURSDAY = 4;

export const UNDERLYINGS: readonly Underlying[] = [
  {
    name: "NIFTY",
    walk: "NIFTY50",
    segment: "NFO",
    lotSize: 65,
    freezeLots: 27,
    expiryDay: TUESDAY,
    monthlyFutures: 3,
    weeklyOptions: 4,
    monthlyOptions: 3,
    strikeStep: 50,
    strikesEachSide: 20,
    impliedVolatility: 0.12,
  },
  {
    name: "BANKNIFTY",
    walk: "NIFTYBANK",
    segment: "NFO",
    lotSize: 30,
    freezeLots: 20,
    expiryDay: TUESDAY,
    monthlyFutures: 3,
    weeklyOptions: 0,
    monthlyOptions: 1,
    strikeStep: 100,
    strikesEachSide: 15,
    impliedVolatility: 0.14,
  },
  {
    name: "SBIN",
    walk: "SBIN",
    segment: "NFO",
    lotSize: 750,
    freezeLots: 40,
    expiryDay: TUESDAY,
    monthlyFutures: 1,
    weeklyOptions: 0,
    monthlyOptions: 1,
    strikeStep: 10,
    strikesEachSide: 10,
    impliedVolatility: 0.22,
  },
  {
    name: "RELIANCE",
    walk: "RELIANCE",
    segment: "NFO",
    lotSize: 500,
    freezeLots: 40,
    expiryDay: TUESDAY,
    monthlyFutures: 1,
    weeklyOptions: 0,
    monthlyOptions: 1,
    strikeStep: 20,
    strikesEachSide: 10,
    impliedVolatility: 0.22,
  },
  {
    name: "SENSEX",
    walk: "SENSEX",
    segment: "BFO",
    lotSize: 20,
    freezeLots: 50,
    expiryDay: THURSDAY,
    monthlyFutures: 2,
    weeklyOptions: 2,
    monthlyOptions: 2,
    strikeStep: 100,
    strikesEachSide: 15,
    impliedVolatility: 0.12,
  },
];
