export { exerciseMail } from './testing/exercise-mail.ts'
export type {
  FakeAnswers,
  MessageAnswer,
  ReceivedMail,
  RejectAnswer,
} from './testing/fake-answers.ts'
export { createFakeMail, type FakeMail, type FakeMailOptions } from './testing/fake-mail.ts'
export type { FakeSent } from './testing/fake-server.ts'
export type { MailFixture, MailFixtureOptions } from './testing/mail-fixture.ts'
