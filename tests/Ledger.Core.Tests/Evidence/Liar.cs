using Ledger.Crypto;

namespace Ledger.Core.Tests;

/// <summary>A validator of the test chain that votes as it likes.</summary>
internal sealed class Liar(Chain chain, SigningKey key)
{
    public static Digest One { get; } = Sha256.Hash([1]);

    public static Digest Other { get; } = Sha256.Hash([2]);

    public Offence Commit(ulong height, ulong view = 0)
        => new(key.PublicKey, StatementKind.Commit, new(view), new(height));

    /// <summary>Two votes for one place, as it really signs them.</summary>
    public Evidence VotesTwice(Offence offence)
        => Evidence.Of(offence, Vote(offence, One), Vote(offence, Other));

    public SignedVote Vote(Offence offence, Digest block)
        => new(block, SignatureOn(
            new(chain.Genesis.Hash, offence.Kind, offence.View, View.Zero, offence.Height, block)));

    public Signature SignatureOn(Statement statement)
    {
        var bytes = new byte[Statement.Size];
        statement.WriteTo(bytes);
        return key.Sign(bytes);
    }
}
