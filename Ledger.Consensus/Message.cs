using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Consensus;

/// <summary>What replicas say to each other.</summary>
public abstract record Message;

/// <summary>
/// A message that binds its sender across a restart: it may be sent only after the record it rests on is
/// durable, and it is signed.
/// </summary>
public abstract record PromiseMessage : Message
{
    /// <summary>The fixed-layout value that the sender signs.</summary>
    public abstract Statement StatementOn(Digest chain);
}

/// <summary>A message that promises nothing: losing or repeating it can cost time, never safety.</summary>
public abstract record HintMessage : Message;

/// <summary>
/// A message as it travels. Hints carry no signature: the connection's handshake says who speaks.
/// </summary>
public sealed record Envelope(ValidatorIndex From, Message Message, Signature Signature = default);

/// <summary>
/// An envelope whose sender, signatures and certificates were checked. Only the gate and a replica's own
/// voice make one, so an unverified message has no type that an engine accepts.
/// </summary>
public sealed class Verified
{
    internal Verified(Envelope envelope) => Envelope = envelope;

    public Envelope Envelope { get; }

    public ValidatorIndex From => Envelope.From;

    public Message Message => Envelope.Message;

    public override string ToString() => $"R{From} says {Message}";
}

/// <summary>Whom a message is for.</summary>
/// <param name="Only">One validator, or all the others and oneself when null.</param>
public readonly record struct Recipients(ValidatorIndex? Only)
{
    public static readonly Recipients All = new(null);

    public static Recipients Just(ValidatorIndex validator) => new(validator);
}
