export { startSandbox, type Sandbox, type SandboxOptions } from './sandbox.ts'
export { SERVICE_NAMES, type ServiceName } from './service-name.ts'
export { startPostgres, type PostgresServer } from './postgres/start-postgres.ts'
export type { CreateDatabaseOptions, PostgresOptions } from './postgres/postgres-options.ts'
export { PostgresRefusal } from './postgres/wire.ts'
export { startFaultProxy, type FaultProxy, type FaultProxyOptions } from './faults/fault-proxy.ts'
export type { EachWay, Faults } from './faults/faults.ts'
export type { ServiceFaults } from './faults/service-faults.ts'
export type { Target } from './faults/connection.ts'
export { startSmtp, type SmtpOptions, type SmtpServer } from './smtp/start-smtp.ts'
export type { MessageAnswer, RecipientAnswer, RejectAnswer, SmtpAnswers } from './smtp/answers.ts'
export type { Inbox, MessageMatch, WaitOptions } from './smtp/inbox.ts'
export type { Envelope, InboxAttachment, InboxMessage } from './smtp/message.ts'
export type { S3CorsRule } from './s3/cors.ts'
export type { TemporaryCredentials } from './s3/temporary-credentials.ts'
export type { S3Troubles } from './s3/troubles.ts'
export { startS3, type S3Options, type S3Server, type UploadView } from './s3/server.ts'
export { startStripe, type StripeOptions, type StripeServer } from './stripe/server.ts'
export {
  startGoogle,
  type Consent,
  type GoogleEndpoints,
  type GoogleServer,
} from './google/server.ts'
export type { GoogleOptions } from './google/google-options.ts'
export type { Allowed } from './google/oauth/allow-consent.ts'
export type { GoogleQuotas } from './google/api/quotas.ts'
export type { GoogleTrouble } from './google/api/troubles.ts'
export type { ServiceOptions } from './services.ts'
