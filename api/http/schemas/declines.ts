// Why Stripe or the issuer said no, as answers show it.
import Type from 'typebox';

export const Decline = Type.Object(
  {
    code: Type.String({ examples: ['card_declined'] }),
    declineCode: Type.Optional(Type.String({ examples: ['insufficient_funds'] })),
    adviceCode: Type.Optional(Type.String({ examples: ['try_again_later'] })),
    customerMessage: Type.String({
      description:
        'What the customer may read, in English. It is general where whoever has the card must not learn the reason.',
      examples: ['There was not enough money on your card.'],
    }),
  },
  { title: 'Decline', description: 'Why Stripe or the issuer said no, in Stripe’s codes.' },
);
