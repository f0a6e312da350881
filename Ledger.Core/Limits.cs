namespace Ledger.Core;

/// <summary>
/// The limits that are part of the protocol: every validator must agree on them, so they are not
/// configuration.
/// </summary>
public static class Limits
{
    /// <summary>Bytes of a chain id's UTF-8.</summary>
    public const int ChainIdBytes = 64;

    /// <summary>Bytes of a peer's address.</summary>
    public const int AddressBytes = 262;

    /// <summary>Validators of one chain, all that ever were: their seats are not given twice.</summary>
    public const int Validators = 1024;

    /// <summary>Bytes of one encoded transaction.</summary>
    public const int TransactionBytes = 128 * 1024;

    /// <summary>Operations in one transaction.</summary>
    public const int TransactionOperations = 64;

    /// <summary>Bytes of a namespace's, an asset's or a key's UTF-8.</summary>
    public const int NameBytes = 64;

    public const int KeyBytes = 512;

    public const int ValueBytes = 64 * 1024;

    /// <summary>Transactions in one block.</summary>
    public const int BlockTransactions = 8192;

    /// <summary>Bytes of one encoded block.</summary>
    public const int BlockBytes = 4 * 1024 * 1024;

    /// <summary>
    /// How many blocks after an offence it may still be reported: what bounds the memory of who validated
    /// when.
    /// </summary>
    public const ulong EvidenceBlocks = 100_000;

    /// <summary>
    /// How far ahead of a block's time a transaction's valid-until may lie: what bounds replay memory.
    /// </summary>
    public static readonly TimeSpan ValidUntilAhead = TimeSpan.FromDays(1);

    /// <summary>How far a block's time may lie from a replica's own clock.</summary>
    public static readonly TimeSpan ClockDrift = TimeSpan.FromSeconds(10);
}
