using Ledger.Crypto;

namespace Ledger.Core;

/// <summary>What an account may be allowed to do.</summary>
public enum Role : byte
{
    /// <summary>Grants and revokes roles, adds and removes validators.</summary>
    Admin = 1,

    /// <summary>Defines assets, and issues those it defined.</summary>
    Issuer = 2,

    /// <summary>Puts and deletes in one namespace, or in all when granted for "*".</summary>
    Writer = 3,

    /// <summary>
    /// Recorded for applications and gateways that restrict reading; the node itself serves all reads.
    /// </summary>
    Reader = 4,
}

/// <summary>
/// One change that a transaction asks for. All operations of a transaction take effect, or none does.
/// A closed family: <see cref="OperationCodec"/> knows every case.
/// </summary>
public abstract record Operation
{
    private Operation()
    {
    }

    /// <summary>
    /// Sets a key. With <paramref name="ExpectedVersion"/> only if that is the key's version (0: absent).
    /// </summary>
    public sealed record Put(
        string Namespace, string Key, ReadOnlyMemory<byte> Value, ulong? ExpectedVersion = null)
        : Operation
    {
        public bool Equals(Put? other)
            => other is not null && Namespace == other.Namespace && Key == other.Key
                && Value.Span.SequenceEqual(other.Value.Span) && ExpectedVersion == other.ExpectedVersion;

        public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(Key);
    }

    /// <summary>Removes a key; fails when it is absent.</summary>
    public sealed record Delete(string Namespace, string Key, ulong? ExpectedVersion = null) : Operation;

    /// <summary>Creates an asset whose only issuer is the sender.</summary>
    /// <param name="Asset">Its name, unique on the chain.</param>
    /// <param name="Decimals">0 to 18: how many digits people see after the point.</param>
    public sealed record DefineAsset(string Asset, byte Decimals) : Operation;

    public sealed record Issue(string Asset, PublicKey To, Amount Amount) : Operation;

    public sealed record Transfer(string Asset, PublicKey To, Amount Amount) : Operation;

    public sealed record Burn(string Asset, Amount Amount) : Operation;

    /// <param name="Account">Who gets the role.</param>
    /// <param name="Role">Which.</param>
    /// <param name="Namespace">For <see cref="Role.Writer"/> and <see cref="Role.Reader"/>; otherwise
    /// empty.</param>
    public sealed record Grant(PublicKey Account, Role Role, string Namespace) : Operation;

    /// <param name="Account">Who loses the role.</param>
    /// <param name="Role">Which.</param>
    /// <param name="Namespace">As it was granted.</param>
    public sealed record Revoke(PublicKey Account, Role Role, string Namespace) : Operation;

    /// <summary>
    /// Makes a newcomer a validator, once the block is final: in PBFT one that votes, in Raft one that
    /// learns, or a witness.
    /// </summary>
    /// <param name="Name">No other validator has it.</param>
    /// <param name="Key">No other validator has it.</param>
    /// <param name="Address">Where its peers reach it, as host:port.</param>
    /// <param name="IsWitness">Raft: it votes, and keeps no blocks.</param>
    public sealed record AddValidator(string Name, PublicKey Key, string Address, bool IsWitness = false)
        : Operation;

    /// <summary>Takes a validator out of the set, once the block is final.</summary>
    public sealed record RemoveValidator(PublicKey Key) : Operation;

    /// <summary>Raft: lets a validator that learns vote, once the block is final.</summary>
    public sealed record PromoteValidator(PublicKey Key) : Operation;

    /// <summary>
    /// Puts the proof of a validator's offence on the ledger; it stands alone in its transaction.
    /// </summary>
    public sealed record Report(Evidence Evidence) : Operation;
}
