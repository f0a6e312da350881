using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Node.Tests;

/// <summary>Accounts, the same in every run, and transactions that they sign for the chain "test".</summary>
internal static class Keys
{
    public const string Chain = "test";

    private static ulong _nonce;

    /// <summary>May write everywhere, issue assets and give roles.</summary>
    public static SigningKey Admin { get; } = Of(200);

    /// <summary>May write in the namespace "open".</summary>
    public static SigningKey Writer { get; } = Of(201);

    /// <summary>May nothing.</summary>
    public static SigningKey Stranger { get; } = Of(202);

    public static IReadOnlyList<GenesisRole> Roles { get; } =
    [
        new(Admin.PublicKey, Role.Admin, ""),
        new(Admin.PublicKey, Role.Issuer, ""),
        new(Admin.PublicKey, Role.Writer, "*"),
        new(Writer.PublicKey, Role.Writer, "open"),
    ];

    public static SigningKey Of(byte seed)
        => SigningKey.FromSeed([.. Enumerable.Repeat(seed, SigningKey.SeedSize)]);

    public static Timestamp TimeOf(TimeProvider clock) => new(clock.GetUtcNow().ToUnixTimeMilliseconds());

    public static Genesis GenesisOf(TimeProvider clock, params SigningKey[] validators) => new(
        Chain, ConsensusMode.Pbft, TimeOf(clock),
        [.. validators.Select((key, i) => new Validator($"validator-{i}", key.PublicKey))], Roles);

    /// <summary>
    /// A put of a value of so many bytes into "open", valid for an hour, signed by the writer.
    /// </summary>
    public static Transaction Put(TimeProvider clock, SigningKey? sender = null, int valueBytes = 1)
        => Sign(clock, sender ?? Writer, new Operation.Put("open", "key", new byte[valueBytes]));

    public static Transaction Sign(TimeProvider clock, SigningKey sender, params Operation[] operations)
        => Sign(TimeOf(clock).Plus(TimeSpan.FromHours(1)), sender, operations);

    public static Transaction Sign(Timestamp validUntil, SigningKey sender, params Operation[] operations)
        => Transaction.Sign(
            new(Chain, sender.PublicKey, validUntil, Interlocked.Increment(ref _nonce), operations), sender);

    /// <summary>The same body under a signature of something else.</summary>
    public static Transaction Forged(Transaction transaction)
    {
        var encoded = Transaction.EncodeSigned(transaction.Body, Stranger.Sign([1]));
        Assert.True(Transaction.TryDecode(encoded, out var forged, out var fault), fault);
        return forged;
    }
}
