export { type Bounce, type BouncedRecipient, parseBounce } from './bounces/parse-bounce.ts'
export { type Complaint, parseComplaint } from './bounces/parse-complaint.ts'
