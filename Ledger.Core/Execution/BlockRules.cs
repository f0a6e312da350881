namespace Ledger.Core;

/// <summary>
/// What can be said of a block by its own bytes, its parent's header and a clock, before any execution.
/// </summary>
internal static class BlockRules
{
    /// <param name="validators">The set that certifies it.</param>
    /// <param name="now">Null for a block that was found valid when it was new.</param>
    /// <returns>Null when all hold, otherwise the rule that is broken.</returns>
    public static string? FaultIn(
        Block block, BlockHeader below, string chainId, ValidatorSet validators, Timestamp? now)
        => SizeFault(block)
            ?? PlaceFault(block.Header, below, chainId, validators)
            ?? TimeFault(block.Header, below, now);

    private static string? SizeFault(Block block)
    {
        if (block.Transactions.Count > Limits.BlockTransactions)
        {
            return $"it has more than {Limits.BlockTransactions} transactions";
        }

        return block.Encoded.Length > Limits.BlockBytes
            ? $"it is longer than {Limits.BlockBytes} bytes" : null;
    }

    private static string? PlaceFault(
        BlockHeader header, BlockHeader below, string chainId, ValidatorSet validators)
    {
        if (header.ChainId != chainId)
        {
            return "it is of another chain";
        }

        if (header.Height != below.Height.Next)
        {
            return "its height does not follow its parent's";
        }

        if (!validators.Contains(header.Proposer))
        {
            return "its proposer is not a validator";
        }

        return header.ValidatorsHash == validators.Hash ? null : "it names other validators";
    }

    private static string? TimeFault(BlockHeader header, BlockHeader below, Timestamp? clock)
    {
        if (header.Time < below.Time)
        {
            return "its time runs backwards";
        }

        if (clock is not { } now)
        {
            return null;
        }

        // A block may always repeat its parent's time: clocks that were set back must not stop the chain, and
        // time that does not move lets no one choose it.
        var isFar = header.Time > now.Plus(Limits.ClockDrift) || header.Time < now.Plus(-Limits.ClockDrift);
        return isFar && header.Time != below.Time
            ? $"its time is {header.Time}, this clock says {now}: more than "
                + $"{Limits.ClockDrift.TotalSeconds} s apart"
            : null;
    }
}
