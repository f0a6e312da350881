using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Ledger.Node.Api;

namespace Ledger.Cli.Client;

/// <summary>
/// The blocks of a chain as they become final, each once and in order, across disconnects and from node to
/// node: it asks for the height after the last one it has shown.
/// </summary>
internal static class BlockStream
{
    private const string BlockEvent = "block";

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static async IAsyncEnumerable<BlockReply> FollowAsync(
        NodeClient client, ulong from, Action<string> remark,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var next = from;
        while (true)
        {
            await using var blocks = ReadAsync(client, next, cancellationToken)
                .GetAsyncEnumerator(cancellationToken);
            string? broken = null;
            while (broken is null)
            {
                BlockReply? block = null;
                try
                {
                    block = await blocks.MoveNextAsync() ? blocks.Current : null;
                    broken = block is null ? "the stream ended" : null;
                }
                catch (Exception exception) when (exception is HttpRequestException or IOException)
                {
                    broken = exception.Message;
                }

                if (block is not null && block.Height >= next)
                {
                    next = block.Height + 1;
                    yield return block;
                }
            }

            remark($"lost {client.Current} ({broken}); going on from height {next}");
            client.UseNext();
            await Task.Delay(Pause, cancellationToken);
        }
    }

    private static async IAsyncEnumerable<BlockReply> ReadAsync(
        NodeClient client, ulong from, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var response = await client.OpenEventsAsync(from, cancellationToken);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        await foreach (var item in SseParser.Create(stream).EnumerateAsync(cancellationToken))
        {
            if (item.EventType == BlockEvent && Parse(item.Data) is { } block)
            {
                yield return block;
            }
        }
    }

    private static BlockReply? Parse(string data)
    {
        try
        {
            return JsonSerializer.Deserialize<BlockReply>(data, Json);
        }
        catch (JsonException)
        {
            // A later version may say more than we understand; what we do not, we pass over.
            return null;
        }
    }
}
