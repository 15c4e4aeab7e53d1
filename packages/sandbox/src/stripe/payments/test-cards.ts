/** Why a bank says no. Source: https://docs.stripe.com/declines/codes */
export interface Decline {
  readonly code: string
  readonly declineCode: string
  readonly message: string
  /** It is Stripe that refuses, for the risk: no bank is asked. */
  readonly isBlocked?: true
}

/** What a documented test card does. Source: https://docs.stripe.com/testing */
export interface TestCard {
  readonly brand: 'amex' | 'discover' | 'jcb' | 'mastercard' | 'visa'
  readonly country: string
  readonly funding: 'credit' | 'debit'
  /** It can be saved for a customer, or not, and why. */
  readonly onAttach?: Decline
  /** It can be charged, or not, and why. */
  readonly onCharge?: Decline
  /** When a person has to confirm a payment: always, unless it was set up before, or only on the page. */
  readonly authentication?: 'always' | 'on_session' | 'unless_set_up'
  /** The charge succeeds and is disputed at once. */
  readonly dispute?: { readonly reason: string; readonly isInquiry: boolean }
  readonly refund?: 'fails_later' | 'pending'
}

const decline = (declineCode: string, message: string, code = 'card_declined'): Decline => ({
  code,
  declineCode,
  message,
})

const generic = decline('generic_decline', 'Your card was declined.')
const noFunds = decline('insufficient_funds', 'Your card has insufficient funds.')
const lost = decline('lost_card', 'Your card was declined.')
const stolen = decline('stolen_card', 'Your card was declined.')
const expired = decline('expired_card', 'Your card has expired.', 'expired_card')
const wrongCvc = decline(
  'incorrect_cvc',
  "Your card's security code is incorrect.",
  'incorrect_cvc',
)
const processing = decline(
  'processing_error',
  'An error occurred while processing your card. Try again in a little bit.',
  'processing_error',
)
const velocity = decline(
  'card_velocity_exceeded',
  'Your card was declined for making repeated attempts too frequently or exceeding its amount limit.',
)
const blocked: Decline = {
  ...decline('fraudulent', 'Your card was declined.'),
  isBlocked: true,
}
const wrongNumber = decline(
  'incorrect_number',
  'Your card number is incorrect.',
  'incorrect_number',
)

const visa = { brand: 'visa', country: 'US', funding: 'credit' } as const
const always = (why: Decline): TestCard => ({ ...visa, onAttach: why, onCharge: why })

const CARDS: Readonly<Record<string, TestCard>> = {
  '4242424242424242': visa,
  '4000056655665556': { ...visa, funding: 'debit' },
  '4000003920000003': { ...visa, country: 'JP' },
  '5555555555554444': { ...visa, brand: 'mastercard' },
  '5200828282828210': { ...visa, brand: 'mastercard', funding: 'debit' },
  '378282246310005': { ...visa, brand: 'amex' },
  '6011111111111117': { ...visa, brand: 'discover' },
  '3566002020360505': { ...visa, brand: 'jcb', country: 'JP' },
  '4000000000000002': always(generic),
  '4000000000009995': always(noFunds),
  '4000000000009987': always(lost),
  '4000000000009979': always(stolen),
  '4000000000000069': always(expired),
  '4000000000000127': always(wrongCvc),
  '4000000000000119': always(processing),
  '4000000000006975': always(velocity),
  '4242424242424241': always(wrongNumber),
  '4100000000000019': { ...visa, onCharge: blocked },
  // By the rule that an account has at first: https://docs.stripe.com/radar/testing
  '4000000000004954': { ...visa, onCharge: blocked },
  '4000000000000341': { ...visa, onCharge: generic },
  '4000002500003155': { ...visa, authentication: 'unless_set_up' },
  '4000002760003184': { ...visa, authentication: 'always' },
  '4000008260003178': { ...visa, authentication: 'always', onCharge: noFunds },
  '4000003800000446': { ...visa, authentication: 'on_session' },
  '4000000000003220': { ...visa, authentication: 'on_session' },
  '4000000000003063': { ...visa, authentication: 'on_session' },
  '4000008400000027': { ...visa, authentication: 'on_session' },
  '4000008400001629': { ...visa, authentication: 'on_session', onCharge: generic },
  // Its bank can't be asked for 3-D Secure: without that it declines, or does not need it.
  '4000008400001280': { ...visa, onCharge: generic },
  '4000000000003097': visa,
  '4000000000003055': visa,
  '4000000000000259': { ...visa, dispute: { reason: 'fraudulent', isInquiry: false } },
  '4000000000002685': { ...visa, dispute: { reason: 'product_not_received', isInquiry: false } },
  '4000000000001976': { ...visa, dispute: { reason: 'fraudulent', isInquiry: true } },
  '4000000000007726': { ...visa, refund: 'pending' },
  '4000000000005126': { ...visa, refund: 'fails_later' },
}

/** `pm_card_visa` and the other test payment methods, and the card that each stands for. */
const TOKENS: Readonly<Record<string, string>> = {
  visa: '4242424242424242',
  visa_debit: '4000056655665556',
  jp: '4000003920000003',
  mastercard: '5555555555554444',
  mastercard_debit: '5200828282828210',
  amex: '378282246310005',
  discover: '6011111111111117',
  jcb: '3566002020360505',
  chargeDeclined: '4000000000000002',
  chargeDeclinedInsufficientFunds: '4000000000009995',
  chargeDeclinedLostCard: '4000000000009987',
  chargeDeclinedStolenCard: '4000000000009979',
  chargeDeclinedExpiredCard: '4000000000000069',
  chargeDeclinedIncorrectCvc: '4000000000000127',
  chargeDeclinedProcessingError: '4000000000000119',
  chargeDeclinedVelocityLimitExceeded: '4000000000006975',
  radarBlock: '4100000000000019',
  riskLevelHighest: '4000000000004954',
  chargeCustomerFail: '4000000000000341',
  authenticationRequiredOnSetup: '4000002500003155',
  authenticationRequired: '4000002760003184',
  authenticationRequiredChargeDeclinedInsufficientFunds: '4000008260003178',
  authenticationRequiredSetupForOffSession: '4000003800000446',
  threeDSecure2Required: '4000000000003220',
  threeDSecureRequired: '4000000000003063',
  threeDSecureRequiredProcessingError: '4000008400001280',
  threeDSecureOptional: '4000000000003055',
  threeDSecureOptionalProcessingError: '4000000000003097',
  threeDSecureRequiredChargeDeclined: '4000008400001629',
  createDispute: '4000000000000259',
  createDisputeProductNotReceived: '4000000000002685',
  createDisputeInquiry: '4000000000001976',
  pendingRefund: '4000000000007726',
  refundFail: '4000000000005126',
}

/** The card of a number; one that is not documented behaves as `4242…` does. */
export function cardOf(number: string): TestCard {
  return CARDS[number] ?? visa
}

/** The number behind `pm_card_…` or `tok_…`, or undefined for another id. */
export function numberOfToken(token: string): string | undefined {
  const [, name] = /^(?:pm_card|tok)_(.+)$/.exec(token) ?? []
  if (name === undefined) return undefined
  const plain = name.startsWith('visa_charge') ? name.slice('visa_'.length) : name
  return Object.hasOwn(TOKENS, plain) ? TOKENS[plain] : undefined
}

/** Whether digits can be a card's number: 12 to 19 of them, with the right last one, or documented. */
export function isCardNumber(number: string): boolean {
  if (Object.hasOwn(CARDS, number)) return true
  if (!/^\d{12,19}$/.test(number)) return false
  const sum = Array.from(number)
    .toReversed()
    .reduce((total, digit, index) => {
      const value = index % 2 === 1 ? Number(digit) * 2 : Number(digit)
      return total + (value > 9 ? value - 9 : value)
    }, 0)
  return sum % 10 === 0
}
