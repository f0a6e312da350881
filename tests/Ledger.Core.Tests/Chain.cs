using Ledger.Crypto;

namespace Ledger.Core.Tests;

/// <summary>
/// A chain of one machine, with an admin who may do everything and accounts that may do nothing.
/// </summary>
internal sealed class Chain
{
    private static readonly string[] Names = ["one", "two", "three", "four"];

    private ulong _nonce;

    public Chain(params GenesisRole[] more)
        : this(ConsensusMode.Pbft, more)
    {
    }

    public Chain(ConsensusMode mode, params GenesisRole[] more)
        : this(mode, EvidencePolicy.Record, validators: 2, more)
    {
    }

    public Chain(EvidencePolicy evidence, int validators)
        : this(ConsensusMode.Pbft, evidence, validators)
    {
    }

    private Chain(ConsensusMode mode, EvidencePolicy evidence, int validators, params GenesisRole[] more)
    {
        Genesis = new(
            "test", mode, new(1_000_000),
            [.. Names.Take(validators)
                .Select((name, i) => new Validator(name, Key((byte)(i + 1)).PublicKey))],
            [
                new(Admin.PublicKey, Role.Admin, ""), new(Admin.PublicKey, Role.Issuer, ""),
                new(Admin.PublicKey, Role.Writer, "*"), .. more,
            ],
            evidence);
        Machine = new(Genesis, Store);
    }

    public static SigningKey Admin { get; } = Key(100);

    public static SigningKey Alice { get; } = Key(101);

    public static SigningKey Bob { get; } = Key(102);

    public DictionaryLedgerStore Store { get; } = new();

    public Genesis Genesis { get; }

    public LedgerMachine Machine { get; }

    public Timestamp Now { get; set; } = new(1_000_500);

    public static SigningKey Key(byte seed) => SigningKey.FromSeed([.. Enumerable.Repeat(seed, 32)]);

    public Transaction Sign(SigningKey key, params Operation[] operations)
        => Transaction.Sign(
            new("test", key.PublicKey, Now.Plus(TimeSpan.FromHours(1)), ++_nonce, operations), key);

    public Block Propose(Digest parent, params Transaction[] transactions)
        => Machine.Propose(parent, transactions, Now, new(0), 1000, 1_000_000)!;

    /// <summary>Makes a block of these transactions final and returns what became of them.</summary>
    public IReadOnlyList<Receipt> Apply(params Transaction[] transactions)
    {
        var block = Propose(Machine.HeadHash, transactions);
        return Machine.Finalise([block], [])[0].Receipts;
    }

    /// <summary>What becomes of one transaction of these operations.</summary>
    public FailureReason Try(SigningKey key, params Operation[] operations)
        => Apply(Sign(key, operations))[0].Failure;

    public KeyEntry? Get(string @namespace, string key)
        => Store.ReadState(StateKey.ForEntry(@namespace, key)) is { } bytes ? KeyEntry.Decode(bytes) : null;

    public ulong Balance(SigningKey account, string asset)
        => Number.Decode(Store.ReadState(StateKey.ForBalance(account.PublicKey, asset)));
}
