export {
  type ClientMailOptions,
  createMail,
  type SenderOptions,
  type OwnConnectionOptions,
  type SmtpMailOptions,
  type SmtpUrlMailOptions,
} from './create-mail.ts'
export { Html, html, type HtmlValue, trustedHtml } from './templates/html.ts'
export type { ClosedMail, Mail, MailClient, UnsentMail } from './mail.ts'
export type { DkimKey } from './message/dkim.ts'
export type { Unsubscribe } from './message/unsubscribe.ts'
export type { MailAddress } from './message/mail-address.ts'
export { MailError, type MailErrorCode, type MailErrorInit } from './mail-error.ts'
export { nativeErrorOf } from './native-error.ts'
export type {
  AttachedBytes,
  AttachedFile,
  AttachedObject,
  AttachedStream,
  AttachmentCall,
  AttachmentNames,
  AttachmentStorage,
  MailAttachment,
} from './message/mail-attachment.ts'
export type { DeliveryReports } from './message/delivery-options.ts'
export type { InviteMethod, MailInvite } from './message/invite.ts'
export type { MailMessage, MailRecipients } from './message/mail-message.ts'
export type { PasswordAuth, SmtpAuth, TokenAuth, TokenCall } from './smtp/smtp-auth.ts'
export type { SmtpLimits, SmtpOptions } from './smtp/smtp-options.ts'
export type { SmtpUrlOptions } from './smtp/smtp-url.ts'
export {
  defineTemplate,
  type RenderedMail,
  type Template,
  type TemplateBody,
} from './templates/template.ts'
export {
  type AsyncTemplate,
  type AsyncTemplateBody,
  defineAsyncTemplate,
} from './templates/async-template.ts'
export type { TemplateOptions } from './templates/template-frame.ts'
export type { CompileTemplate, TemplateFile } from './templates/compile-template.ts'
export {
  type TemplateFolder,
  templateFolder,
  type TemplateFolderOptions,
} from './templates/template-folder.ts'
export type { MailRetry } from './sending/retrying.ts'
export type { RejectedRecipient } from './smtp/rejected-recipient.ts'
export type { SendingMany, SendManyOptions, SendProgress, SendResult } from './sending/send-many.ts'
export type { SentMail } from './sending/sent-mail.ts'
