using System.Net;
using System.Net.Sockets;

namespace Ledger.EndToEnd.Harness;

/// <summary>Finds blocks of free ports, so that runs side by side do not meet.</summary>
internal static class Ports
{
    private const int First = 21_100;
    private const int Last = 24_900;
    private const int Step = 10;

    /// <param name="count">So many ports in a row, from the one that is returned.</param>
    public static int FreeBlock(int count)
    {
        for (var attempt = 0; attempt < 1000; attempt++)
        {
            var start = First + (Step * Random.Shared.Next((Last - First - count) / Step));
            if (Enumerable.Range(start, count).All(IsFree))
            {
                return start;
            }
        }

        throw new InvalidOperationException($"No {count} free ports in a row between {First} and {Last}.");
    }

    public static Socket Take(int port)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
        socket.Listen();
        return socket;
    }

    private static bool IsFree(int port)
    {
        try
        {
            Take(port).Dispose();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
