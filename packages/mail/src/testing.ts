export { exerciseMail, type MailCase, type MailFixture } from './exercise-mail.ts'
export type { FakeAnswers, MessageAnswer, ReceivedMail, RejectAnswer } from './fake-answers.ts'
export { createFakeMail, type FakeMail, type FakeMailOptions, type FakeSent } from './fake-mail.ts'
