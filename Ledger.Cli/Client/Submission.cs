using System.Diagnostics;
using System.Security.Cryptography;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Api;

namespace Ledger.Cli.Client;

/// <summary>One transaction's way: build, sign, send, and wait until it is final.</summary>
internal static class Submission
{
    /// <summary>
    /// Long enough for a network that stands still for a while, short enough to be forgotten soon.
    /// </summary>
    private static readonly TimeSpan ValidFor = TimeSpan.FromMinutes(10);

    public static async Task<(TransactionReply Reply, TimeSpan Latency)> RunAsync(
        NodeClient client, SigningKey key, IReadOnlyList<Operation> operations, bool wait,
        CancellationToken cancellationToken)
    {
        var chainId = (await client.GenesisAsync(cancellationToken)).ChainId;
        var nonce = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        var transaction = Sign(chainId, key, nonce, operations);
        var watch = Stopwatch.StartNew();
        var replies = await client.SubmitAsync([transaction], wait, cancellationToken);
        return (replies[0], watch.Elapsed);
    }

    public static Transaction Sign(
        string chainId, SigningKey key, ulong nonce, IReadOnlyList<Operation> operations)
    {
        Timestamp validUntil = new((DateTimeOffset.UtcNow + ValidFor).ToUnixTimeMilliseconds());
        return Transaction.Sign(new(chainId, key.PublicKey, validUntil, nonce, operations), key);
    }
}
