namespace Ledger.Core;

/// <summary>
/// The time of one validator set. A block that changes the set ends an epoch: once it is final, the next
/// begins.
/// </summary>
/// <param name="Number">How many blocks have changed the set before; it stands in the upper half of the
/// epoch's views.</param>
/// <param name="Validators">Who certifies its blocks.</param>
/// <param name="Start">Its first view, and the block that it begins on: the genesis block, or the one that
/// changed the set.</param>
public sealed record Epoch(ulong Number, ValidatorSet Validators, Subject Start)
{
    /// <summary>
    /// What everyone who knows the epoch holds from its start: the block that it begins on needs no votes any
    /// more.
    /// </summary>
    public QuorumCertificate StartCertificate { get; } = new(StatementKind.Prepare, Start, []);

    public static Epoch First(Genesis genesis)
        => new(0, genesis.Validators, new(View.Zero, Height.Genesis, genesis.Block.Hash));

    /// <param name="number">Of the new epoch.</param>
    /// <param name="validators">The new set.</param>
    /// <param name="height">Of the block that changed the set.</param>
    /// <param name="block">Its hash.</param>
    public static Epoch After(ulong number, ValidatorSet validators, Height height, Crypto.Digest block)
        => new(number, validators, new(View.FirstOf(number), height, block));
}
