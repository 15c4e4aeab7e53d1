import type { Generated } from 'kysely'

/** The tables of the app; those of the packages come with their own migrations. */
export interface Schema {
  offices: OfficesTable
  staff: StaffTable
  office_associations: OfficeAssociationsTable
  sign_in_links: SignInLinksTable
  sessions: SessionsTable
  quotas: QuotasTable
  plans: PlansTable
  document_uploads: DocumentUploadsTable
  requests: RequestsTable
  notices: NoticesTable
  calendars: CalendarsTable
  meeting_series: MeetingSeriesTable
  meetings: MeetingsTable
}

interface OfficesTable {
  id: Generated<string>
  name: string
  created_at: Generated<Date>
}

export interface StaffTable {
  id: Generated<string>
  name: string
  email: string
  verified_at: Date | null
  created_at: Generated<Date>
}

/** Which offices a member of staff belongs to. */
interface OfficeAssociationsTable {
  office_id: string
  staff_id: string
  role: 'manager' | 'employee'
  /** The office that the person works in now: one of theirs. */
  is_primary: boolean
  created_at: Generated<Date>
}

/** The one link of each person. */
interface SignInLinksTable {
  staff_id: string
  /** SHA-256 of the token in the link; the token itself is only in the mail. */
  token_hash: Buffer
  requested_at: Date
  expires_at: Date
  used_at: Date | null
}

interface SessionsTable {
  /** SHA-256 of the token in the cookie. */
  token_hash: Buffer
  staff_id: string
  expires_at: Date
}

/** When what is limited was done of late, by an HMAC of what it was done to or from. */
interface QuotasTable {
  key: Buffer
  times: Date[]
}

export interface PlansTable {
  id: Generated<string>
  office_id: string
  title: string
  status: 'draft' | 'approved'
  document_key: string | null
  document_name: string | null
  document_bytes: number | null
  document_sha256: string | null
  approved_by: string | null
  approved_at: Date | null
  created_at: Generated<Date>
}

/** The documents that browsers are sending straight to the store. */
export interface DocumentUploadsTable {
  id: Generated<string>
  plan_id: string
  /** Where the object is to be; no other upload has it. */
  key: string
  /** The store's, with which it is completed. It does not leave the server. */
  token: string
  filename: string
  /** As the page says of its file. */
  bytes: number
  sha256: string
  created_at: Generated<Date>
}

export interface RequestsTable {
  id: Generated<string>
  office_id: string
  staff_id: string
  kind: 'leave' | 'shift_change' | 'expense'
  reason: string
  status: 'pending' | 'approved' | 'declined'
  decided_by: string | null
  decided_at: Date | null
  /** Why it was declined. */
  decision_reason: string | null
  created_at: Generated<Date>
}

interface NoticesTable {
  id: Generated<string>
  staff_id: string
  request_id: string
  body: string
  created_at: Generated<Date>
}

/** The offices whose Google Calendar is looked at. */
interface CalendarsTable {
  office_id: string
  /** Up to where its changes are known; null: nothing is known yet. */
  cursor: string | null
}

export interface MeetingSeriesTable {
  plan_id: string
  office_id: string
  /** The series in Google Calendar. */
  event_id: string
  /** When the first was asked for. */
  starts_at: Date
  repeats: 'once' | 'weekly' | 'monthly'
}

/** The meetings to come, as Google has them. */
export interface MeetingsTable {
  plan_id: string
  event_id: string
  starts_at: Date
  /** When it would be by its series; another time than `starts_at` once a person has moved it. */
  planned_at: Date
  link: string | null
}
