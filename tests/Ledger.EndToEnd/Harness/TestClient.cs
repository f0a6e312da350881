using System.Buffers;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Api;
using MessagePack;

namespace Ledger.EndToEnd.Harness;

/// <summary>A client with a key of its own, that builds and signs transactions itself.</summary>
internal sealed class TestClient(string chainId, SigningKey key)
{
    public const string MessagePackType = "application/vnd.msgpack";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private ulong _nonce;

    public TestClient(TestNetwork network)
        : this(network.Genesis.ChainId, network.Admin)
    {
    }

    public Transaction Put(string entry, string value, string @namespace = "e2e")
        => Sign(new Operation.Put(@namespace, entry, Encoding.UTF8.GetBytes(value)));

    public Transaction Sign(params Operation[] operations) => Sign(Body(operations));

    public Transaction Sign(TransactionBody body) => Transaction.Sign(body, key);

    public TransactionBody Body(params Operation[] operations) => new(
        chainId, key.PublicKey, InMinutes(10), Interlocked.Increment(ref _nonce), operations);

    public static Timestamp InMinutes(double minutes)
        => new((DateTimeOffset.UtcNow + TimeSpan.FromMinutes(minutes)).ToUnixTimeMilliseconds());

    /// <summary>Sends as a batch: one that was sent before is then waited for as well.</summary>
    public static async Task<(HttpStatusCode Status, TransactionReply[] Replies)> SubmitAsync(
        TestNode node, bool wait, IReadOnlyList<Transaction> transactions, int waitMs = 10_000,
        CancellationToken cancellationToken = default)
    {
        using var response = await node.PostAsync(
            wait ? $"v1/transactions?wait=final&timeoutMs={waitMs}" : "v1/transactions", Batch(transactions),
            MessagePackType, cancellationToken);
        var replies = response.IsSuccessStatusCode
            ? await response.Content.ReadFromJsonAsync<TransactionReply[]>(Json, cancellationToken)
            : [];
        return (response.StatusCode, replies!);
    }

    /// <summary>Waits, however long it takes, until it is final, and asserts that it took effect.</summary>
    public static async Task<TransactionReply> FinalAsync(TestNode node, Transaction transaction)
    {
        TransactionReply? reply = null;
        await Eventually.HoldsAsync($"{transaction} is final", async () =>
        {
            (_, var replies) = await SubmitAsync(node, wait: true, [transaction]);
            reply = replies.SingleOrDefault();
            return reply?.Status == "final";
        });
        Assert.True(reply!.Applied, reply.Reason);
        return reply;
    }

    public static byte[] Batch(IReadOnlyList<Transaction> transactions)
    {
        ArrayBufferWriter<byte> buffer = new();
        MessagePackWriter writer = new(buffer);
        writer.WriteArrayHeader(transactions.Count);
        foreach (var transaction in transactions)
        {
            writer.Write(transaction.Encoded.Span);
        }

        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }
}
