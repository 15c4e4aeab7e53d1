export { exerciseStorage, type StorageCase, type StorageFixture } from './exercise-storage.ts'
export { createFakeStorage, type FakeStorage, type FakeStorageOptions } from './fake-storage.ts'
