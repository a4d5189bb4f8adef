// The one account there is: what callers ask to find out whether their keys belong together.
import type { Handler } from '../http/route.ts';
import { PREFIX } from './statement-descriptor.ts';

const ACCOUNT_ID = 'acct_1Emulator000000000';

export const readAccount: Handler = () => ({
  id: ACCOUNT_ID,
  object: 'account',
  business_profile: { name: 'Emulator' },
  charges_enabled: true,
  country: 'IE',
  default_currency: 'eur',
  details_submitted: true,
  email: null,
  payouts_enabled: true,
  settings: {
    branding: { icon: null, logo: null, primary_color: null, secondary_color: null },
    card_payments: { statement_descriptor_prefix: PREFIX },
    dashboard: { display_name: 'Emulator', timezone: 'Etc/UTC' },
    payments: { statement_descriptor: PREFIX },
  },
  type: 'standard',
});
