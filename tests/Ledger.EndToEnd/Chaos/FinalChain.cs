using System.Net.ServerSentEvents;
using System.Text.Json;
using Ledger.EndToEnd.Harness;
using Ledger.Node.Api;

namespace Ledger.EndToEnd.Chaos;

/// <summary>All that one validator holds to be final, as it tells it to whoever follows its events.</summary>
internal sealed class FinalChain
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public Dictionary<string, TransactionReply> Transactions { get; } = [];

    public static async Task<FinalChain> ReadAsync(TestNode node, ulong toHeight)
    {
        FinalChain chain = new();
        using CancellationTokenSource deadline = new(Eventually.Deadline);
        using HttpRequestMessage request = new(HttpMethod.Get, new Uri(node.HttpUrl, "v1/events?from=1"));
        using var response = await node.SendAsync(request, deadline.Token);
        response.EnsureSuccessStatusCode();
        await using var stream = await response.Content.ReadAsStreamAsync(deadline.Token);
        await foreach (var item in SseParser.Create(stream).EnumerateAsync(deadline.Token))
        {
            if (item.EventType == "transaction")
            {
                var transaction = JsonSerializer.Deserialize<TransactionReply>(item.Data, Json)!;
                Assert.True(
                    chain.Transactions.TryAdd(transaction.Hash, transaction),
                    $"{transaction.Hash} is in the chain of {node.Name} twice.");
            }
            else if (JsonSerializer.Deserialize<BlockReply>(item.Data, Json)!.Height == toHeight)
            {
                return chain;
            }
        }

        throw new IOException($"{node.Name} ended its events before height {toHeight}.");
    }
}
