using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Ledger.Benchmarks;

/// <summary>
/// The load that <c>ledger bench</c> puts on a ledger, put on etcd: clients that each put a value, wait for
/// the answer and put the next, over gRPC as etcd's own client does. The messages are two fields each and
/// written by hand.
/// </summary>
internal static class EtcdLoad
{
    private const int Keys = 100_000;
    private const byte KeyField = 0x0a;
    private const byte ValueField = 0x12;
    private const int PrefixBytes = 5;

    /// <summary>Prints puts a second and latencies in milliseconds, as one line of JSON.</summary>
    /// <param name="endpoints">Of the members, which share the clients.</param>
    /// <param name="clients">At once.</param>
    /// <param name="valueBytes">Of each value.</param>
    /// <param name="duration">How long.</param>
    public static async Task RunAsync(
        IReadOnlyList<Uri> endpoints, int clients, int valueBytes, TimeSpan duration)
    {
        using SocketsHttpHandler handler = new() { EnableMultipleHttp2Connections = true };
        using HttpMessageInvoker http = new(handler);
        var value = RandomNumberGenerator.GetBytes(valueBytes);
        var watch = Stopwatch.StartNew();
        var results = await Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Run(
            () => PutAsync(http, endpoints[client % endpoints.Count], client, value, watch, duration))));
        var elapsed = watch.Elapsed;
        var latencies = results.SelectMany(result => result).Order().ToList();
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            putsPerSecond = Math.Round(latencies.Count / elapsed.TotalSeconds),
            latencyMs = new { p50 = At(0.50), p99 = At(0.99), max = At(1) },
        }));

        double At(double share) => Math.Round(latencies[(int)(share * (latencies.Count - 1))], 1);
    }

    private static async Task<List<double>> PutAsync(
        HttpMessageInvoker http, Uri endpoint, int client, byte[] value, Stopwatch watch, TimeSpan duration)
    {
        Uri put = new(endpoint, "etcdserverpb.KV/Put");
        List<double> latencies = [];
        for (var i = client; watch.Elapsed < duration; i += 257)
        {
            var before = watch.Elapsed;
            using HttpRequestMessage request = new(HttpMethod.Post, put)
            {
                Version = HttpVersion.Version20,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                Content = new ByteArrayContent(Request(Encoding.ASCII.GetBytes($"k{i % Keys}"), value)),
            };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
            request.Headers.TE.Add(new("trailers"));
            using var response = await http.SendAsync(request, CancellationToken.None);
            await response.Content.ReadAsByteArrayAsync();
            if (!response.TrailingHeaders.TryGetValues("grpc-status", out var status)
                || status.Single() != "0")
            {
                throw new InvalidOperationException($"etcd refused a put: {response}");
            }

            latencies.Add((watch.Elapsed - before).TotalMilliseconds);
        }

        return latencies;
    }

    /// <summary>A PutRequest of etcd's, key and value, as one gRPC message.</summary>
    private static byte[] Request(byte[] key, byte[] value)
    {
        using MemoryStream message = new();
        message.Write(stackalloc byte[PrefixBytes]);
        Write(message, KeyField, key);
        Write(message, ValueField, value);
        var bytes = message.ToArray();
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(1), bytes.Length - PrefixBytes);
        return bytes;
    }

    private static void Write(MemoryStream message, byte field, byte[] bytes)
    {
        message.WriteByte(field);
        var left = (uint)bytes.Length;
        for (; left >= 0x80; left >>= 7)
        {
            message.WriteByte((byte)(left | 0x80));
        }

        message.WriteByte((byte)left);
        message.Write(bytes);
    }
}
