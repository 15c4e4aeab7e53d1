export {
  ChoiceError,
  type Framework,
  FRAMEWORKS,
  PACKAGES,
  type ServiceChoices,
  type ServicePackage,
} from './choices.ts'
export { createService } from './create-service.ts'
