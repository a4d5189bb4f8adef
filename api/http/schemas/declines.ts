// Why Stripe or the issuer said no, as answers show it.
import Type from 'typebox';

export const Decline = Type.Object(
  {
    code: Type.String({ examples: ['card_declined'] }),
    declineCode: Type.Optional(Type.String({ examples: ['insufficient_funds'] })),
    adviceCode: Type.Optional(Type.String({ examples: ['try_again_later'] })),
  },
  { description: 'Why Stripe or the issuer said no, in Stripe’s codes.' },
);
