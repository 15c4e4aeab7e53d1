export { exerciseMail, type MailFixture } from './testing/exercise-mail.ts'
export type {
  FakeAnswers,
  MessageAnswer,
  ReceivedMail,
  RejectAnswer,
} from './testing/fake-answers.ts'
export {
  createFakeMail,
  type FakeMail,
  type FakeMailOptions,
  type FakeSent,
} from './testing/fake-mail.ts'
